"""The marker `docker_only`: on Podman, a test of a missing feature is skipped, with the reason."""

from contextlib import suppress

import pytest

from harness import engine
from harness.engine.private import EngineError


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marker."""
    line = "docker_only(what): skip the test on Podman, which has no such thing"
    config.addinivalue_line("markers", line)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a marked test on Podman; without any engine, the test itself reports it."""
    if marker := item.get_closest_marker("docker_only"):
        [what] = marker.args
        with suppress(EngineError):
            if engine.find().client_config.client_type == "podman":
                pytest.skip(f"Docker alone has this: {what}")
