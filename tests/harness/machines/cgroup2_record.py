"""What passed on the virtual machine, stored as data that each proof's page shows."""

import json
from pathlib import Path

from guide.evidence import read_run
from harness import ROOT
from harness.machines import record

KEPT = ROOT / "docs/_data/cgroup2.json"


def passed(results: Path) -> dict[str, list[str]]:
    """Return a run's tests by topic: those that used cgroup v2, in all of their cases."""
    topics: dict[str, list[str]] = {}
    for (topic, name), cases in sorted(read_run(results).items()):
        if all(("cgroup", "v2") in case.recorded and not case.faults for case in cases):
            topics.setdefault(topic, []).append(name)
    return topics


def keep(driver: str, results: Path, about: dict[str, str]) -> None:
    """Replace the entry of Docker's driver in docs/_data/cgroup2.json, and the machine's table row.

    `about` says what the tests ran on, and when.
    """
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    kept[driver] = about | {"tests": passed(results)}
    KEPT.write_text(f"{json.dumps(kept, indent=1, sort_keys=True)}\n")
    record.keep(json.loads(results.with_suffix(".json").read_text()))
