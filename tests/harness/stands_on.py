"""What each test stood on: versions and stand-ins, which go with its result to the site."""

from collections.abc import Callable, Iterable, Iterator

import pytest

Properties = Iterable[tuple[str, str]]
LEDGER = pytest.StashKey["Ledger"]()


class Ledger:
    """What the test in progress has stood on so far, and what each fixture stands on."""

    def __init__(self) -> None:
        """Know nothing yet. The last set of `open` is that of the fixture being set up."""
        self.open: list[set[tuple[str, str]]] = [set()]
        self.fixtures: dict[tuple[str, pytest.Item | pytest.Collector], Properties] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Begin with an empty ledger."""
    config.stash[LEDGER] = Ledger()


@pytest.fixture(scope="session")
def note(pytestconfig: pytest.Config) -> Callable[[Properties], None]:
    """Return a function that adds to what the test, or the fixture being set up, stands on."""
    ledger = pytestconfig.stash[LEDGER]

    def note(properties: Properties) -> None:
        ledger.open[-1] |= set(properties)

    return note


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Note what a fixture stands on: another test of its scope may find it set up."""
    ledger = request.config.stash[LEDGER]
    ledger.open.append(set())
    try:
        return (yield)
    finally:
        found = ledger.open.pop()
        ledger.open[-1] |= found
        ledger.fixtures[fixturedef.argname, request.node] = found


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin again with each test."""
    item.config.stash[LEDGER].open = [set()]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Add to the result all that the test and its fixtures stood on, also if it fails."""
    try:
        return (yield)
    finally:
        item.user_properties += sorted(stood_on(item))


def stood_on(item: pytest.Item) -> set[tuple[str, str]]:
    """Return what a test in progress and its fixtures have stood on so far."""
    ledger = item.config.stash[LEDGER]
    scopes = [(name, node) for name in item.fixturenames for node in item.listchain()]
    return ledger.open[0].union(*(ledger.fixtures.get(scope, ()) for scope in scopes))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests ran on, and what stood in for the real thing."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    used = {pair for report in reports for pair in getattr(report, "user_properties", ())}
    for name, value in sorted(used):
        terminalreporter.write_line(f"{name}: {value}")
