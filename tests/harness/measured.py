"""A benchmark's data for its page: the figures, with their date, versions and machine."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from python_on_whales import DockerClient

from harness import ROOT

DATA, CACHE = ROOT / "docs/_data", ROOT / ".cache"
Cell = str | float | bool


def write(
    topic: str, name: str, columns: list[str], rows: list[list[Cell]], **about: object
) -> None:
    """Write a table to docs/_data/<topic>.json; the page's other tables stay the same.

    A row's first column is its name; the column names have the units. `about` has the machine
    and the versions, which each table stores, because tables are measured on different days.
    """
    path = DATA / f"{topic}.json"
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    CACHE.mkdir(exist_ok=True)
    with FileLock(CACHE / "measurements.lock"):
        data = json.loads(path.read_text()) if path.exists() else {"tables": {}}
        data["tables"][name] = {"date": date, **about, "columns": columns, "rows": rows}
        path.write_text(f"{json.dumps(data, indent=1, ensure_ascii=False)}\n")


def machine(docker: DockerClient) -> str:
    """Describe what the engine runs on: cores, processor, memory, version of cgroups."""
    info = docker.info()
    [model, *_] = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()) or ["?"]
    gibibytes = round((info.mem_total or 0) / 2**30)
    cgroup = 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1
    return f"{info.n_cpu} cores of {model}, {gibibytes} GiB, cgroup v{cgroup}"
