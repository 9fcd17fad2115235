"""What each test stood on, which goes with its result to the site.

That is versions and stand-ins, and what it ran: the files of the guide, the texts that it changed
in them, and the worker classes of Gunicorn.
"""

from collections.abc import Callable, Iterable, Iterator

import pytest

from guide.evidence import HOW

Properties = Iterable[tuple[str, str]]


class Ledger:
    """What the test in progress has stood on so far, and what each fixture stands on."""

    def __init__(self) -> None:
        """Know nothing yet. The last set of `open` is that of the fixture being set up."""
        self.open: list[set[tuple[str, str]]] = [set()]
        self.fixtures: dict[tuple[str, pytest.Item | pytest.Collector], Properties] = {}


LEDGER = Ledger()  # of this process, which runs one test at a time


def add(properties: Properties) -> None:
    """Add to what the test, or the fixture being set up, stands on."""
    LEDGER.open[-1] |= set(properties)


@pytest.fixture(scope="session")
def note() -> Callable[[Properties], None]:
    """Return the function that adds to what the test, or the fixture being set up, stands on."""
    return add


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Note what a fixture stands on: another test of its scope may find it set up."""
    LEDGER.open.append(set())
    try:
        return (yield)
    finally:
        found = LEDGER.open.pop()
        LEDGER.open[-1] |= found
        LEDGER.fixtures[fixturedef.argname, request.node] = found


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin again with each test."""
    LEDGER.open = [set()]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Add to the result all that the test and its fixtures stood on, also if it fails."""
    try:
        return (yield)
    finally:
        item.user_properties += sorted(stood_on(item))


def stood_on(item: pytest.Item) -> set[tuple[str, str]]:
    """Return what a test in progress and its fixtures have stood on so far."""
    scopes = [(name, node) for name in item.fixturenames for node in item.listchain()]
    return LEDGER.open[0].union(*(LEDGER.fixtures.get(scope, ()) for scope in scopes))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests ran on, and what stood in for the real thing."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    used = {pair for report in reports for pair in getattr(report, "user_properties", ())}
    for name, value in sorted(pair for pair in used if pair[0] not in HOW):
        terminalreporter.write_line(f"{name}: {value}")
