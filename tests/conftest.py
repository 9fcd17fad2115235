"""How a run of the tests begins and ends; its fixtures are plugins."""

import os
import signal

import pytest

from harness.engine import runs

pytest_plugins = [
    "harness.stands_on",
    "harness.machines.record",
    "harness.partial_results",
    "harness.machines.on",
    "harness.docker_only",
    "harness.control_groups",
    "harness.fixtures",
    "harness.browser",
    "harness.contract.report",
    "scenarios.databases",
    "scenarios.fresh",
    "scenarios.kubernetes",
    "scenarios.production",
    "scenarios.proxied",
    "scenarios.locked",
    "scenarios.poetry",
    "scenarios.registry",
    "scenarios.systemd",
    "scenarios.tls",
    "scenarios.walk",
    "scenarios.background",
]
os.environ.setdefault("BUILDAH_FORMAT", "docker")  # else Podman drops HEALTHCHECK


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes transcripts again."""
    parser.addoption("--record", action="store_true", help="write the transcripts again")


def pytest_configure(config: pytest.Config) -> None:
    """Begin a run, in the process that the reader started: its workers take part in it."""
    if not hasattr(config, "workerinput") and not config.option.within:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        run = runs.Run()
        os.environ["PROOFS_RUN"] = run.name
        config.add_cleanup(run.end)


def pytest_report_header() -> str:
    """Tell the name of the run, which all that it starts is labelled with."""
    return f"run: {os.environ['PROOFS_RUN']}"
