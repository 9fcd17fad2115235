"""The option `--on MACHINE`: run the tests on another machine instead of this one."""

import signal
import sys
import tomllib
from functools import partial
from pathlib import Path

import pytest

from harness.engine.private import EngineError
from harness.machines import cgroup2, readers

SLICE = Path(__file__).with_name("slice.toml")
KINDS = [readers.DOCKER, readers.PODMAN]
# Runs the tests: gets the directory below the checkout and pytest's arguments, and returns
# pytest's exit code. If the arguments have no file or test, the machine's slice is added.
MACHINES = {kind.name: partial(readers.prove, kind) for kind in KINDS} | {
    "cgroup2": partial(cgroup2.prove, "systemd", "cgroup2"),
    "cgroup2-cgroupfs": partial(cgroup2.prove, "cgroupfs", "cgroup2-cgroupfs"),
}
ALL_MARKED = ["-m", "cgroup"]  # what these two run if no test is given


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--on",
        metavar="MACHINE",
        help=f"run the tests on another machine ({', '.join(MACHINES)}): those named, or a slice",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Run the tests there; no session starts here."""
    if (name := config.option.on) is None:
        return None
    if name not in MACHINES:
        message = f"--on {name}: no such machine, choose from {', '.join(MACHINES)}"
        raise pytest.UsageError(message)
    folder = config.invocation_params.dir.relative_to(config.rootpath)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return MACHINES[name](folder, arguments(config))
    except EngineError as error:
        raise pytest.UsageError(str(error)) from None
    except KeyboardInterrupt:
        sys.stdout.write("\ninterrupted; the machine is gone\n")
        return pytest.ExitCode.INTERRUPTED


def arguments(config: pytest.Config) -> list[str]:
    """Return pytest's arguments there: those given here, or the slice."""
    given = list(config.invocation_params.args)
    for position, argument in enumerate(given):
        if argument == "--on":
            del given[position : position + 2]
        elif argument.startswith("--on="):
            del given[position]
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        given += ALL_MARKED if config.option.on.startswith("cgroup2") else slice_ids()
    return given


def slice_ids() -> list[str]:
    """Return the tests that run if none is given: at least one for each scenario."""
    return list(dict.fromkeys(test for tests in scenarios().values() for test in tests))


def scenarios() -> dict[str, list[str]]:
    """Return the slice: the IDs of some tests, by scenario."""
    return tomllib.loads(SLICE.read_text())
