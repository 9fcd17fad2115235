"""What each test used, recorded with its result for the site.

This includes versions and stand-ins, and what the test ran: the guide's files, the texts that it
changed in them, and the class and number of Gunicorn's workers.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from guide.evidence import HOW, WORKERS

Properties = Iterable[tuple[str, str]]


class Ledger:
    """What the test in progress has used so far, and what each fixture uses."""

    def __init__(self) -> None:
        """Start empty. The last set in `open` belongs to the fixture being set up."""
        self.open: list[set[tuple[str, str]]] = [set()]
        self.fixtures: dict[tuple[str, object], Properties] = {}


LEDGER = Ledger()  # for this process, which runs one test at a time


def add(properties: Properties) -> None:
    """Add to what the test, or the fixture being set up, uses."""
    LEDGER.open[-1] |= set(properties)


@pytest.fixture(scope="session")
def note() -> Callable[[Properties], None]:
    """Return the function that adds to what the test, or the fixture being set up, uses."""
    return add


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Iterator[None]:
    """Record what a fixture uses, because another test in its scope may find it set up already."""
    LEDGER.open.append(set())
    try:
        return (yield)
    finally:
        found = LEDGER.open.pop()
        LEDGER.open[-1] |= found
        LEDGER.fixtures[fixturedef.argname, request.node] = found


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Start again with each test."""
    LEDGER.open = [set()]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Add everything that the test and its fixtures used to the result, even if the test fails."""
    try:
        return (yield)
    finally:
        item.user_properties += sorted(stood_on(item))


def stood_on(item: pytest.Item) -> set[tuple[str, str]]:
    """Return what a test in progress and its fixtures have used so far.

    The number of workers is omitted if a configuration file may set another one.
    """
    names = item.fixturenames if isinstance(item, pytest.Function) else []
    scopes = [(name, node) for name in names for node in item.listchain()]
    found = LEDGER.open[0].union(*(LEDGER.fixtures.get(scope, ()) for scope in scopes))
    configured = any("conf.py" in value for _, value in found)
    return {pair for pair in found if not (configured and pair[0] == WORKERS)}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests ran on, and the stand-ins that they used."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    used = {pair for report in reports for pair in getattr(report, "user_properties", ())}
    for name, value in sorted(pair for pair in used if pair[0] not in HOW):
        terminalreporter.write_line(f"{name}: {value}")
