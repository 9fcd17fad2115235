"""What a benchmark writes for its page: the figures, with their date, versions and machine."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from python_on_whales import DockerClient

DATA = Path(__file__).parent.parent / "docs/_data"
Cell = str | float | bool


def write(topic: str, name: str, columns: list[str], rows: list[list[Cell]], **about: object):
    """Put a table into docs/_data/<topic>.json, beside the others measured like it.

    The first column of a row is its name; the columns tell the units. `about` tells the machine
    and the versions.
    """
    path = DATA / f"{topic}.json"
    about = {"date": f"{datetime.now(UTC):%Y-%m-%d}", **about}
    before = json.loads(path.read_text()) if path.exists() else {}
    same = {key: before.get(key) for key in about} == about
    tables = (before["tables"] if same else {}) | {name: {"columns": columns, "rows": rows}}
    about |= {"tables": tables}
    path.write_text(f"{json.dumps(about, indent=1, ensure_ascii=False)}\n")


def machine(docker: DockerClient) -> str:
    """Say what the engine runs on: cores, processor, memory, version of its control groups."""
    info = docker.info()
    [model, *_] = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()) or ["?"]
    gibibytes = round(info.mem_total / 2**30)
    cgroup = 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1
    return f"{info.n_cpu} cores of {model}, {gibibytes} GiB, cgroup v{cgroup}"
