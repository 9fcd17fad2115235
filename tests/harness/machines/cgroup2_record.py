"""What passed on the virtual machine, kept as data: each proof's page then shows it."""

import json
from pathlib import Path

from guide.evidence import read_run
from harness import ROOT

KEPT = ROOT / "docs/_data/cgroup2.json"


def passed(results: Path) -> dict[str, list[str]]:
    """Return the tests of a run by topic: those that used cgroup v2, in all of their cases."""
    topics = {}
    for (topic, name), cases in sorted(read_run(results).items()):
        if all(("cgroup", "v2") in case.recorded and not case.faults for case in cases):
            topics.setdefault(topic, []).append(name)
    return topics


def keep(driver: str, results: Path, about: dict[str, str]) -> None:
    """Replace what docs/_data/cgroup2.json has of Docker's driver for control groups.

    `about` tells what the tests ran on, and when.
    """
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    kept[driver] = about | {"tests": passed(results)}
    KEPT.write_text(f"{json.dumps(kept, indent=1, sort_keys=True)}\n")
