"""All claims in one list: proofs.json for programs, and a page on which readers filter it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from guide import claims
from guide.claims import Claim, ClaimDomain
from guide.evidence import HOW, STAND_IN, WORKER_CLASS, Proof

FILE, PAGE = "proofs.json", "claims"


def pages(_app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Make the page that shows the list."""
    yield PAGE, {"title": "All claims", "list": FILE}, "claims.html"


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the list: each claim, its state in this build, and what its test ran on."""
    if error or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    domain, cgroup = claims.of(app.env), _cgroup(app)
    found = [(claim, domain.evidence.proof(claim.page, claim.name)) for claim in _distinct(domain)]
    register = {
        "address": app.config.html_baseurl,
        "pages": {page: title.astext() for page, title in sorted(app.env.titles.items())},
        "claims": [_entry(claim, proof, cgroup) for claim, proof in found],
    }
    text = json.dumps(register, ensure_ascii=False, separators=(",", ":"))
    (Path(app.outdir) / FILE).write_text(f"{text}\n", "utf-8")


def _distinct(domain: ClaimDomain) -> list[Claim]:
    return list({(claim.page, claim.name): claim for claim in domain.all()}.values())


def _cgroup(app: Sphinx) -> str:
    """Return the version of control groups on the machine of this build's run, if it is known."""
    results = app.config.proof_results
    record = (Path(app.srcdir).parent / results).with_suffix(".json")
    facts = json.loads(record.read_text("utf-8")) if results and record.exists() else {}
    return str(facts.get("cgroup", "")).partition(",")[0]


def _entry(claim: Claim, proof: Proof, cgroup: str) -> dict[str, Any]:
    values, test = proof.recorded, proof.test
    there = {cgroup} if proof.cases and cgroup else set[str]()
    return {
        "page": claim.page,
        "name": claim.name,
        "sentence": "".join(part.text for part in claim.parts),
        "state": proof.status,
        "date": max((case.date for case in proof.cases), default=""),
        "test": f"{test.file}::{test.name}" if test else "",
        "versions": {n: v for n, v in values.items() if n not in (STAND_IN, *HOW)},
        "worker_classes": values.get(WORKER_CLASS, []),
        "stand_ins": proof.stand_ins,
        "cgroups": sorted(there | ({"v2"} if proof.on_cgroup2 else set())),
    }
