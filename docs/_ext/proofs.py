"""The role {proof}: a sentence's anchor, its tick, and a check that a test stands behind it."""

import re
from collections.abc import Iterable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger
from sphinx.writers.html5 import HTML5Translator

from evidence import read_cgroup2, read_run, read_tests

warn = getLogger(__name__).warning
CGROUP2 = "_data/cgroup2.json"
NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
MARKS = {  # by status: the mark, its class and its label
    "passed": ("✓", "passed", "Proved in this build"),
    "": ("○", "not-run", "Not run in this build"),
}
ON_A_STAND_IN = ("✓", "on-a-stand-in", "Proved on a stand-in for {}")
OTHERWISE = ("✗", "not-proved", "Not proved in this build")


class Tick(nodes.Inline, nodes.TextElement):
    """What the role makes of a proof's name: after collect(), a link to the test."""


def visit_tick(translator: HTML5Translator, node: Tick) -> None:
    """Write the link, whose only name is its title, because a mark says little when read aloud."""
    link = {"href": node["href"], "title": node["label"]}
    translator.body.append(translator.starttag(node, "a", "", **link))
    hidden = {"aria-hidden": "true"}
    translator.body.append(translator.starttag({}, "span", "", **hidden))
    translator.body.append(translator.encode(node["mark"]))


def depart_tick(translator: HTML5Translator, _node: Tick) -> None:
    """Close the link."""
    translator.body.append("</span></a>")


def prepare(app: Sphinx, *_: object) -> None:
    """Read the tests, and the results where some are given."""
    root, results = app.srcdir.parent, app.config.proof_results
    app.env.claims, app.env.tests, app.env.run = {}, read_tests(root), None
    app.env.cgroup2 = read_cgroup2(app.srcdir / CGROUP2)
    try:
        app.env.run = read_run(root / results) if results else None
    except (OSError, SyntaxError) as error:  # no file, no XML
        warn("proof_results cannot be read: %s. Run pytest first.", error)


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Check each proof of a page, register it, and make a tick of it."""
    env, page = app.env, app.env.docname
    file = re.sub(r"([^/]+)$", r"test_\1.py", f"tests/{page}").replace("-", "_")
    for node in list(doctree.findall(Tick)):
        name, (text, line) = node.astext(), sentence(node)
        test, run = f"test_{name.replace('-', '_')}", (env.run or {}).get((page, name))
        bad = ", ".join(sorted({tag for case in run or () for tag in case["bad"]}))
        status = "" if env.run is None else bad or ("passed" if run else "did not run")
        words, twice = name.replace("-", " "), name in env.claims or name in doctree.ids
        problems = {
            "is no name: write lower-case words with dashes.": not re.fullmatch(NAME, name),
            f"is used twice, first in docs/{env.claims.get(name, {}).get('page', page)}.md.": twice,
            f"names no test: write {test} in {file}.": name not in env.tests.get(page, {}),
            f"is not proved by {test} in {file}: {status}.": status not in MARKS,
        }
        if problem := next((problem for problem, holds in problems.items() if holds), ""):
            warn("proof %s %s", name, problem, location=(page, line))
        if twice:
            node.parent.remove(node)
        else:
            env.claims[name] = {"page": page, "status": status, "text": text}
            images = stand_ins(run or ())
            mark, kind, label = MARKS.get(status, OTHERWISE)
            if images and status == "passed":
                mark, kind, label = ON_A_STAND_IN
            node.clear()
            node["ids"], node["classes"], node["mark"] = [name], ["proof", kind], mark
            node["label"] = f"{label.format(', '.join(images))}: {words}"
            node["href"] = f"{'../' * page.count('/')}proofs/{page}.html#{name}"
            env.domains.standard_domain.note_hyperlink_target(name, page, name, words)


def stand_ins(cases: Iterable[dict]) -> list[str]:
    """Return the official images that stand-ins replaced in the cases of a proof."""
    values = {value for case in cases for name, value in case["properties"] if name == "stand-in"}
    return sorted(value.partition(" is ")[0] for value in values)


def sentence(node: Tick) -> tuple[str, int]:
    """Return the sentence before a proof, and its line; no line may break before the tick."""
    end, parent = node.parent.index(node), node.parent
    text = "".join("\0" if isinstance(n, Tick) else n.astext() for n in parent[:end])
    if end and isinstance(parent[end - 1], nodes.Text):
        parent[end - 1] = parent[end - 1].rstrip()
    line = (parent.line or 1) + text.count("\n")
    return re.split("[\0\n]", text.strip())[-1].strip(), line


def check(app: Sphinx, *_: object) -> None:
    """Look from the other side: each test has a sentence, on the page of its topic."""
    for topic, tests in app.env.tests.items():
        mend = "end one of" if topic in app.env.found_docs else "write one, in a new page"
        for name, test in tests.items():
            if app.env.claims.get(name, {}).get("page") != topic:
                where = f"{app.srcdir.parent / test['file']}:{test['line']}"
                mend_it = f"{mend} docs/{topic}.md, in {{proof}}`{name}`."
                warn("%s is cited by no sentence: %s", test["name"], mend_it, location=where)
    for topic, name in app.env.cgroup2:
        if name not in app.env.tests.get(topic, {}):
            again = "run `uv run pytest --on cgroup2 --record` again"
            warn("%s names %s, which is no test of %s: %s.", CGROUP2, name, topic, again)
