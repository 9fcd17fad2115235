"""The pages that the tests make: a page of proofs for each topic, and one for each helper.

What they show is written in _templates/proofs.html and _templates/helpers.html.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment

from guide import anchors, claims, late, templates
from guide.claims import Claim, ClaimDomain
from guide.evidence import CHANGED, FILE, PASSED, WORKER_CLASS, WORKERS, Evidence, Proof, recorded
from guide.late import PARTS
from guide.proofs import mark
from guide.uses import CONSTANT, Use

Page = tuple[str, dict[str, Any], str]
LABELS = {FILE: "file of the guide", CHANGED: "changed for the test", WORKER_CLASS: "", WORKERS: ""}
NESTED = re.compile(r"<input (?:(?!</li>).)*?<ul>.*?</ul>", re.DOTALL)
SUMMED_UP = ("Django", "Gunicorn", "Python", "Docker", "Podman")


@dataclass(frozen=True)
class Entry:
    """What a page of proofs shows of one claim."""

    name: str
    claim: Claim | None
    proof: Proof

    @property
    def inside(self) -> list[Use]:
        """Return what the test stands on that the page shows itself."""
        test = self.proof.test
        return [use for use in test.uses if is_inside(use, test.file)] if test else []

    @property
    def elsewhere(self) -> list[Use]:
        """Return what the test shares with other files: the page links to it."""
        test = self.proof.test
        return [use for use in test.uses if not is_inside(use, test.file)] if test else []


@dataclass(frozen=True)
class Row:
    """What the overview shows of one page."""

    page: str
    title: str
    proofs: int
    passed: int
    uncovered: list[str]


def is_inside(use: Use, file: str) -> bool:
    """Tell whether a page of proofs shows a thing itself: constants, and what its file defines."""
    return use.file == file or use.kind == CONSTANT


def helpers_page(file: str) -> str:
    """Return the page that shows a helper's file, such as uses/harness/container."""
    return f"uses/{file.removeprefix('tests/').removesuffix('.py')}"


def entries(domain: ClaimDomain, page: str) -> list[Entry]:
    """Return what a page of proofs shows."""
    proofs = domain.evidence.proofs(page).items()
    return [Entry(name, domain.claim(page, name), proof) for name, proof in proofs]


def rows(env: BuildEnvironment) -> list[Row]:
    """Return the overview: each page that has proofs, or a sentence without."""
    domain, found = claims.of(env), []
    for page in sorted(env.titles):
        statuses = [proof.status for proof in domain.evidence.proofs(page).values()]
        uncovered = domain.uncovered(page)
        if statuses or uncovered:
            passed, title = statuses.count(PASSED), env.titles[page].astext()
            found.append(Row(page, title, len(statuses), passed, uncovered))
    return found


def shown(app: Sphinx, page: str) -> str:
    """Return what a page and its page of proofs show that is not written on the page."""
    domain, builder = claims.of(app.env), app.builder
    rendered = []
    if isinstance(builder, StandaloneHTMLBuilder):
        rendered = [PARTS[part](builder, page) for part in domain.late.get(page, ())]
    left = anchors.left(app, page)
    return repr((entries(domain, page), domain.evidence.stamp(page), rendered, left))


def rewritten(app: Sphinx, *_: object) -> list[str]:
    """Return the pages that show other results than when they were written, to be written."""
    pages = {page: shown(app, page) for page in sorted(app.env.found_docs)}
    return claims.of(app.env).rewritten(pages)


def pages(app: Sphinx) -> Iterator[Page]:
    """Make the pages that are not up to date.

    A page of proofs is older than the page it belongs to once that was written again; a page of a
    helper is older than its file, or than the first page, which a new template writes again.
    """
    env, domain = app.env, claims.of(app.env)
    files = set[str]()
    for page in domain.evidence.tests.keys() & env.titles.keys():
        found = entries(domain, page)
        files |= {use.file for entry in found for use in entry.elsewhere}
        target = f"proofs/{page}"
        if _is_older(app, target, _output(app, page)):
            title = f"Proofs: {env.titles[page].astext()}"
            yield target, {"topic": page, "title": title, "entries": found}, "proofs.html"
    for file in sorted(files):
        source = domain.evidence.library.root / file
        newest = max(source, _output(app, env.config.root_doc), key=_time)
        if _is_older(app, helpers_page(file), newest):
            context = {"title": file, "file": file, "source": source.read_text("utf-8")}
            yield helpers_page(file), context, "helpers.html"


def _output(app: Sphinx, page: str) -> Path:
    return Path(app.outdir) / f"{page}.html"


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _is_older(app: Sphinx, page: str, other: Path) -> bool:
    return _time(_output(app, page)) < max(_time(other), 1)


def share(app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Let a template see what its page shows of the evidence."""
    domain = claims.of(app.env)
    builder = cast("StandaloneHTMLBuilder", app.builder)
    context |= {
        "stamp": domain.evidence.stamp(context.get("topic", page)),
        "has_run": domain.evidence.run is not None,
        "anchors_left": partial(anchors.left, app),
        "titles": app.env.titles,
        "highlight": builder.highlighter.highlight_block,
        "helpers_page": helpers_page,
        "source_address": app.config.source_address,
        "labels": LABELS,
        "report_address": app.config.report_address,
        "mark": mark,
    }
    if page.startswith("troubleshooting/"):  # the next one by name is no next one to read
        context |= {"next": None, "prev": None}


def shorten(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _: object) -> None:
    """List the entries of troubleshooting in the sidebar of entries only: there are too many."""
    if not page.startswith("troubleshooting/") and (tree := context.get("furo_navigation_tree")):
        context["furo_navigation_tree"] = NESTED.sub("", tree).replace(" has-children", "")


class Overview(late.LateDirective):
    """Show all pages with the number of their proofs, and of their sentences without one."""

    part = "overview"


class Uncovered(late.LateDirective):
    """List the sentences without a proof, page by page."""

    part = "uncovered"


class Summary(late.LateDirective):
    """Show how many claims the run behind this build proved, when, and with which versions."""

    part = "summary"


def summary(builder: StandaloneHTMLBuilder, page: str) -> str:
    """Render that in a sentence: of each version that the tests ran on, the newest."""
    evidence = claims.of(builder.env).evidence
    cases = (
        [case for found in evidence.run.cases.values() for case in found] if evidence.run else []
    )
    versions = {name: max(found, key=_version) for name, found in recorded(cases).items()}
    return templates.render(
        "summary.html",
        rows=rows(builder.env),
        date=max((case.date for case in cases), default=""),
        versions=[f"{name} {versions[name]}" for name in SUMMED_UP if name in versions],
        link=partial(builder.get_relative_uri, page),
    )


def _version(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def counted(evidence: Evidence) -> list[tuple[tuple[str, str], int]]:
    """Return how many proofs ran on each version, worker class, number of workers and stand-in."""
    proofs = [proof for page in evidence.tests for proof in evidence.proofs(page).values()]
    pairs = [(name, value) for proof in proofs for name in proof.recorded
             for value in proof.recorded[name] if name not in (CHANGED, FILE)]  # fmt: skip
    return sorted(Counter(pairs).items())


def render(template: str, builder: StandaloneHTMLBuilder, page: str) -> str:
    """Render what one of these directives shows."""
    evidence = claims.of(builder.env).evidence
    return templates.render(
        template,
        rows=rows(builder.env),
        link=partial(builder.get_relative_uri, page),
        has_run=evidence.run is not None,
        counted=counted(evidence),
    )


late.PARTS[Overview.part] = partial(render, "overview.html")
late.PARTS[Summary.part] = summary
late.PARTS[Uncovered.part] = partial(render, "uncovered.html")
