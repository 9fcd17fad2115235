"""The proofs of docs/contributing.md."""

import json
import re
import subprocess
import sys

import pytest

from guide.measurements import repeated
from harness import ROOT, measured
from harness.texts import edited


@pytest.mark.parametrize("text", ["", "DEBUG = 1\nDEBUG = 1\n"])
def test_edit_of_a_missing_text_fails(text):
    """If the text to replace is missing or appears twice, one line says so."""
    with pytest.raises(pytest.fail.Exception, match=r"^'DEBUG = 1' is [02] times in the text .*$"):
        edited(text, {"DEBUG = 1": "DEBUG = 0"})


def test_fixtures_of_the_table_exist(request):
    """Every name in the table's first column is a fixture that tests can use."""
    names = re.findall(r"(?m)^\| `(\w+)` \|", (ROOT / "docs/contributing.md").read_text())

    assert len(names) == 8
    assert [name for name in names if not request.getfixturevalue(name)] == []


def test_test_modules_may_share_a_name(tmp_path):
    """With this repository's pytest settings, two modules can be named test_memory.py."""
    for folder in ("tests", "tests/troubleshooting"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "test_memory.py").write_text("def test_nothing():\n    pass\n")

    command = [sys.executable, "-m", "pytest", "-n0", "-c", ROOT / "pyproject.toml", "--rootdir=."]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)

    assert "2 passed" in done.stdout


def test_table_of_another_day_is_compared(monkeypatch, tmp_path):
    """The second day's table keeps the first one's; two of three rows have changed places."""
    monkeypatch.setattr(measured, "DATA", tmp_path)
    columns, order = ["server", "ms"], ["one", "two", "three"]
    for date, figures in {"2026-01-01": (10, 20, 30), "2026-01-02": (11, 30, 20)}.items():
        monkeypatch.setattr(measured, "today", lambda date=date: date)
        for row in zip(order, figures, strict=True):
            measured.write_row("signals", "speed", columns, [*row], order, machine="here")

    table = json.loads((tmp_path / "signals.json").read_text())["tables"]["speed"]
    assert (table["date"], table["earlier"]["date"]) == ("2026-01-02", "2026-01-01")
    assert repeated(table) == (
        "2026-01-01",
        "here",
        50,
        50,
        "two, ms",
        ["two and three (ms)"],
    )
    assert repeated(table["earlier"]) is None


def test_measurement_leaves_other_tables(monkeypatch, tmp_path):
    """One of two tables is measured again on another machine; the other does not change."""
    monkeypatch.setattr(measured, "DATA", tmp_path)
    for name, machine in [("first", "old"), ("second", "old"), ("first", "new")]:
        measured.write("signals", name, ["CMD", "seconds"], [["exec", 1]], machine=machine)

    tables = json.loads((tmp_path / "signals.json").read_text())["tables"]
    assert {name: table["machine"] for name, table in tables.items()} == {
        "first": "new",
        "second": "old",
    }
