"""The role {proof}: a sentence's anchor, its tick, and a check that a test stands behind it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger
from sphinx.writers.html5 import HTML5Translator

from guide import claims, names
from guide.claims import Claim, ClaimDomain
from guide.evidence import FAILED, NOT_RUN, PASSED, Evidence, Proof
from guide.sentences import Tick

warn = getLogger(__name__).warning
CGROUP2 = "_data/cgroup2.json"
LABELS = {  # by status: the mark, its class and its label
    PASSED: ("✓", "passed", "Proved in this build"),
    NOT_RUN: ("○", "not-run", "Not run in this build"),
    FAILED: ("✗", "not-proved", "Not proved in this build"),
}


@dataclass(frozen=True)
class Mark:
    """How a tick looks: its sign, its class, and what it is called."""

    sign: str
    kind: str
    label: str


def mark(proof: Proof, name: str) -> Mark:
    """Return how the tick of a proof looks."""
    sign, kind, label = LABELS[proof.status]
    if proof.status == PASSED and proof.stand_ins:
        kind, label = "on-a-stand-in", f"Proved on a stand-in for {', '.join(proof.stand_ins)}"
    return Mark(sign, kind, f"{label}: {name.replace('-', ' ')}")


def visit_tick(translator: HTML5Translator, node: Tick) -> None:
    """Write a link to the test, whose only name is its title: a sign says little read aloud."""
    page, name = node["page"], node["name"]
    evidence = claims.of(translator.builder.env).evidence
    tick = mark(evidence.proof(page, name), name)
    href = f"{'../' * page.count('/')}proofs/{page}.html#{name}"
    link: dict[str, Any] = {"href": href, "title": tick.label, "CLASS": f"proof {tick.kind}"}
    translator.body.append(translator.starttag(node, "a", "", **link))
    hidden: dict[str, Any] = {"aria-hidden": "true"}
    translator.body.append(translator.starttag(nodes.inline(), "span", "", **hidden))
    translator.body.append(translator.encode(tick.sign))


def depart_tick(translator: HTML5Translator, _node: Tick) -> None:
    """Close the link."""
    translator.body.append("</span></a>")


def prepare(app: Sphinx, *_: object) -> None:
    """Read the tests, and the results where some are given."""
    root, cgroup2 = Path(app.srcdir).parent, Path(app.srcdir) / CGROUP2
    try:
        evidence = Evidence(root, app.config.proof_results, cgroup2)
    except (OSError, SyntaxError) as error:  # no file, no XML
        warn("proof_results cannot be read: %s. Run pytest first.", error)
        evidence = Evidence(root, "", cgroup2)
    claims.of(app.env).evidence = evidence


def check(app: Sphinx, *_: object) -> None:
    """Check each claim of all pages, then each test: it has a sentence on the page of its topic."""
    domain = claims.of(app.env)
    first: dict[str, Claim] = {}
    for claim in domain.all():
        if problem := fault(claim, first, domain.evidence):
            warn("proof %s %s", claim.name, problem, location=(claim.page, claim.line))
        first.setdefault(claim.name, claim)
    _check_tests(app, domain)


def fault(claim: Claim, first: dict[str, Claim], evidence: Evidence) -> str:
    """Say what is wrong with a claim, if anything; `first` has those of other sentences."""
    proof = evidence.proof(claim.page, claim.name)
    test, file = names.test_name(claim.name), names.test_file(claim.page)
    if not names.PROOF.fullmatch(claim.name):
        return "is no name: write lower-case words with dashes."
    if claim.name in first:
        return f"is used twice, first in docs/{first[claim.name].page}.md."
    if not proof.test:
        return f"names no test: write {test} in {file}."
    if proof.faults:
        return f"is not proved by {test} in {file}: {proof.faults}."
    return ""


def _check_tests(app: Sphinx, domain: ClaimDomain) -> None:
    for page, tests in domain.evidence.tests.items():
        remedy = "end one of" if page in app.env.found_docs else "write one, in a new page"
        for name, test in tests.items():
            if not domain.claim(page, name):
                where = f"{Path(app.srcdir).parent / test.file}:{test.line}"
                what = f"{remedy} docs/{page}.md, in {{proof}}`{name}`."
                warn("%s is cited by no sentence: %s", test.name, what, location=where)
    for page, name in domain.evidence.cgroup2:
        if name not in domain.evidence.tests.get(page, {}):
            again = "run `uv run pytest --on cgroup2 --record` again"
            warn("%s names %s, which is no test of %s: %s.", CGROUP2, name, page, again)
