"""A benchmark's data for its page: the figures, with their date, versions and machine."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    The table of an earlier day stays in the file as `earlier`, so that the page can compare both.
    """
    path = DATA / f"{topic}.json"
    about = {"date": today(), **about}
    CACHE.mkdir(exist_ok=True)
    with FileLock(CACHE / "measurements.lock"):
        data = json.loads(path.read_text()) if path.exists() else {"tables": {}}
        before = data["tables"].get(name, {})
        kept = before if before.get("date") == about["date"] else {"earlier": alone(before)}
        table = {**about, "columns": columns, "rows": rows, "earlier": kept.get("earlier")}
        data["tables"][name] = table if table["earlier"] else alone(table)
        path.write_text(f"{json.dumps(data, indent=1, ensure_ascii=False)}\n")


def today() -> str:
    """Return the date that a table gets."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def alone(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table without the one that it replaced."""
    return {key: value for key, value in table.items() if key != "earlier"}


class MixedError(Exception):
    """A row that cannot join its table, with what to do, in one line."""


def write_row(
    topic: str, name: str, columns: list[str], row: list[Cell], order: list[str], **about: object
) -> None:
    """Write or replace one row of a table, so that a measurement of hours can be continued.

    `order` has the names of all rows. On another day, a complete table is not continued, but
    begun again. Raises MixedError if the table's other rows come from another machine or from
    other versions, because figures of two machines cannot be compared.
    """
    path = DATA / f"{topic}.json"
    tables = json.loads(path.read_text())["tables"] if path.exists() else {}
    table = tables.get(name, {})
    if not table or (table["date"] != today() and len(table["rows"]) == len(order)):
        table = about | {"date": today()}
    for what, value in about.items():
        if table[what] != value:
            message = (
                f"the rows of {name} in docs/_data/{topic}.json are from {table[what]}, but this is"
                f" {value}: remove that table, and measure all of its rows again"
            )
            raise MixedError(message)
    rows = {old[0]: old for old in table.get("rows", [])} | {row[0]: row}
    about = about | {"date": table["date"]}
    write(topic, name, columns, [rows[key] for key in order if key in rows], **about)


def machine(docker: DockerClient) -> str:
    """Describe what the engine runs on: cores, processor, memory, version of cgroups."""
    info = docker.info()
    [model, *_] = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()) or ["?"]
    gibibytes = round((info.mem_total or 0) / 2**30)
    cgroup = 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1
    return f"{info.n_cpu} cores of {model}, {gibibytes} GiB, cgroup v{cgroup}"
