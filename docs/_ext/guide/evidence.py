"""What the tests are, and how their last run went. Nothing in here knows Sphinx."""

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree as ET

from guide import names
from guide.uses import Library, Use, lines

PASSED, NOT_RUN, FAILED = "passed", "not run", "failed"
STAND_IN = "stand-in"
CHANGED, FILE, WORKER_CLASS, WORKERS = "changed", "file", "worker class", "workers"
HOW = (CHANGED, FILE, WORKER_CLASS, WORKERS)  # what a test recorded of how it ran: no versions


@dataclass(frozen=True)
class Test:
    """A test function, as it is written."""

    file: str
    line: int
    name: str
    source: str
    docstring: str
    command: str
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Case:
    """One run of a test, with one set of parameters."""

    parameters: str
    date: str
    seconds: float
    faults: frozenset[str]
    recorded: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Run:
    """The results of a run: the cases of each proof, by page and name."""

    cases: dict[tuple[str, str], list[Case]] = field(default_factory=dict)
    partial: bool = False


def recorded(cases: Iterable[Case]) -> dict[str, list[str]]:
    """Return what the cases recorded: all values of each name, such as the versions of Python."""
    found: dict[str, set[str]] = {}
    for case in cases:
        for name, value in case.recorded:
            found.setdefault(name, set()).add(value)
    return {name: sorted(values) for name, values in sorted(found.items())}


@dataclass(frozen=True)
class Proof:
    """A test and how it went; `ran_all` if the site is built from a run of all tests."""

    test: Test | None
    cases: list[Case]
    ran_all: bool
    on_cgroup2: list[str]

    @cached_property
    def faults(self) -> str:
        """Say what kept the test from passing; nothing if it passed, or was not to run."""
        faults = sorted({fault for case in self.cases for fault in case.faults})
        return ", ".join(faults) or ("" if self.cases or not self.ran_all else "did not run")

    @cached_property
    def status(self) -> str:
        """Return one of three: passed, not run, failed."""
        if self.faults:
            return FAILED
        return PASSED if self.cases else NOT_RUN

    @cached_property
    def stand_ins(self) -> list[str]:
        """Return the official images that stand-ins replaced."""
        values = recorded(self.cases).get(STAND_IN, [])
        return sorted({value.partition(" is ")[0] for value in values})

    @cached_property
    def recorded(self) -> dict[str, list[str]]:
        """Return what the test recorded."""
        return recorded(self.cases)

    @cached_property
    def seconds(self) -> float:
        """Return how long all cases took."""
        return sum(case.seconds for case in self.cases)

    @cached_property
    def parameters(self) -> list[str]:
        """Return the parameters of the cases, if there are any."""
        return sorted(case.parameters for case in self.cases if case.parameters)


@dataclass(frozen=True)
class Stamp:
    """What the foot of a page says of its proofs."""

    dates: list[str]
    versions: dict[str, list[str]]
    stand_ins: list[str]


class Evidence:
    """The tests of a guide and their results; `results` is pytest's JUnit file, or nothing.

    Raises OSError or SyntaxError if there are results that cannot be read.
    """

    def __init__(self, root: Path, results: str, cgroup2: Path) -> None:
        """Read both, and what is kept of the tests that ran on cgroup v2."""
        self.library = Library(root)
        self.tests = read_tests(self.library)
        self.cgroup2 = read_cgroup2(cgroup2)
        self.run: Run | None = None
        if results:
            self.run = Run(read_run(root / results), names.is_partial(results))

    def proof(self, page: str, name: str) -> Proof:
        """Return what stands behind a sentence."""
        cases = self.run.cases.get((page, name), []) if self.run else []
        ran_all = self.run is not None and not self.run.partial
        test = self.tests.get(page, {}).get(name)
        return Proof(test, cases, ran_all, self.cgroup2.get((page, name), []))

    def proofs(self, page: str) -> dict[str, Proof]:
        """Return what stands behind all sentences of a page."""
        return {name: self.proof(page, name) for name in self.tests.get(page, {})}

    def ran(self) -> set[str]:
        """Return the guide's files that a run of all tests used, as far as they were recorded."""
        if not self.run or self.run.partial:
            return set()
        cases = (case for cases in self.run.cases.values() for case in cases)
        return {value for case in cases for name, value in case.recorded if name == FILE}

    def stamp(self, page: str) -> Stamp | None:
        """Return what the foot of a page says of its proofs; None if it has no tests."""
        if page not in self.tests:
            return None
        cases = [case for proof in self.proofs(page).values() for case in proof.cases]
        versions = recorded(cases)
        stand_ins = versions.pop(STAND_IN, [])
        versions = {name: values for name, values in versions.items() if name not in HOW}
        return Stamp(sorted({case.date for case in cases}), versions, stand_ins)


def read_tests(library: Library) -> dict[str, dict[str, Test]]:
    """Return each page's tests by the name of the proof; no test is imported."""
    pages: dict[str, dict[str, Test]] = {}
    for path in sorted(library.root.glob("tests/**/test_*.py")):
        file = path.relative_to(library.root).as_posix()
        if (page := names.topic(file)) and (tests := dict(_tests_of(library, file))):
            pages[page] = tests
    return pages


def _tests_of(library: Library, file: str) -> Iterator[tuple[str, Test]]:
    """Yield the tests of one file."""
    if not (module := library.module(file)):
        return
    nodes = [node for node in module.tree.body if isinstance(node, ast.FunctionDef)]
    nodes = [node for node in nodes if node.name.startswith("test_")]
    for node in nodes:
        first, last = lines(node)
        source = "\n".join(module.text.splitlines()[first - 1 : last])
        others = [other.name for other in nodes if other is not node]
        command = names.command(node.name, file, others)
        words = ast.get_docstring(node) or ""
        uses = library.uses(file, node)
        test = Test(file, first, node.name, source, words, command, uses)
        yield names.proof_name(node.name), test


def read_run(path: Path) -> dict[tuple[str, str], list[Case]]:
    """Return the cases of each proof from pytest's JUnit file."""
    run: dict[tuple[str, str], list[Case]] = {}
    for suite in ET.parse(path).iter("testsuite"):  # noqa: S314 -- our own pytest wrote it
        date = suite.get("timestamp", "")[:10]
        for element in suite.iter("testcase"):
            name, _, parameters = element.get("name", "").partition("[")
            found = element.iter("property")
            properties = ((p.get("name", ""), p.get("value", "")) for p in found)
            faults = {child.tag for child in element} & {"failure", "error", "skipped"}
            seconds = float(element.get("time", 0))
            case = Case(parameters[:-1], date, seconds, frozenset(faults), tuple(properties))
            key = names.topic(element.get("file", "")), names.proof_name(name)
            run.setdefault(key, []).append(case)
    return run


def read_cgroup2(path: Path) -> dict[tuple[str, str], list[str]]:
    """Return where each proof passed on cgroup v2, from what `--on cgroup2 --record` wrote."""
    runs = json.loads(path.read_text("utf-8")) if path.exists() else {}
    found: dict[tuple[str, str], list[str]] = {}
    for driver, run in sorted(runs.items()):
        where = f"{run['engine']}, its {driver} driver and Linux {run['kernel']}"
        words = f"cgroup v2 on {run['date']}, in a virtual machine with {where}"
        for page, proofs in run["tests"].items():
            for name in proofs:
                found.setdefault((page, name), []).append(words)
    return found
