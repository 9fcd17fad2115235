"""How a test run begins and ends; its fixtures are plugins."""

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
    "scenarios.pods",
    "scenarios.kubernetes",
    "scenarios.production",
    "scenarios.proxied",
    "scenarios.locked",
    "scenarios.mysql",
    "scenarios.poetry",
    "scenarios.servers",
    "scenarios.registry",
    "scenarios.systemd",
    "scenarios.tls",
    "scenarios.walk",
    "scenarios.background",
]
os.environ.setdefault("BUILDAH_FORMAT", "docker")  # otherwise Podman drops HEALTHCHECK


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites transcripts."""
    parser.addoption("--record", action="store_true", help="write the transcripts again")


def pytest_configure(config: pytest.Config) -> None:
    """Begin a run in the main process; its workers take part in it."""
    if not hasattr(config, "workerinput") and not config.option.within:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        run = runs.Run()
        os.environ["PROOFS_RUN"] = run.name
        config.add_cleanup(run.end)


def pytest_report_header() -> str:
    """Print the run's name, with which everything that the run starts is labeled."""
    return f"run: {os.environ['PROOFS_RUN']}"
