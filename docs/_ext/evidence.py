"""What the tests are, and how their last run went. Nothing in here knows Sphinx."""

import ast
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET


def dashed(name: str) -> str:
    """Return what the pages call a test or a file of tests."""
    return re.sub(r"^tests/|\btest_|\.py$", "", name).replace("_", "-")


def read_tests(root: Path) -> dict[str, dict[str, dict]]:
    """Return each topic's tests by the name of the proof; no test is imported."""
    topics = {}
    for path in sorted({*root.glob("tests/**/test_*.py")} - {*root.glob("tests/site/*")}):
        file, text = path.relative_to(root).as_posix(), path.read_text("utf-8")
        for node in ast.parse(text, file).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                first = min(n.lineno for n in (node, *node.decorator_list))
                source = "\n".join(text.splitlines()[first - 1 : node.end_lineno])
                test = {"file": file, "line": first, "name": node.name, "source": source}
                test["docstring"] = ast.get_docstring(node) or ""
                topics.setdefault(dashed(file), {})[dashed(node.name)] = test
    return topics


def read_run(path: Path) -> dict[tuple[str, str], list[dict]]:
    """Return the cases of each proof, one a set of parameters, from pytest's JUnit file."""
    run = {}
    for suite in ET.parse(path).iter("testsuite"):  # noqa: S314 -- our own pytest wrote it
        for case in suite.iter("testcase"):
            found = {"date": suite.get("timestamp", "")[:10]}
            found["bad"] = {child.tag for child in case} & {"failure", "error", "skipped"}
            found["properties"] = [(p.get("name"), p.get("value")) for p in case.iter("property")]
            key = dashed(case.get("file", "")), dashed(case.get("name", "").partition("[")[0])
            run.setdefault(key, []).append(case.attrib | found)
    return run


def read_cgroup2(path: Path) -> dict[tuple[str, str], list[str]]:
    """Return where each proof passed on cgroup v2, from what `--on cgroup2 --record` wrote."""
    runs = json.loads(path.read_text("utf-8")) if path.exists() else {}
    found = {}
    for driver, run in sorted(runs.items()):
        where = f"{run['engine']}, its {driver} driver and Linux {run['kernel']}"
        words = f"cgroup v2 on {run['date']}, in a virtual machine with {where}"
        for topic, names in run["tests"].items():
            for name in names:
                found.setdefault((topic, name), []).append(words)
    return found
