"""The version of cgroups that the engine uses, recorded with each result that depends on it."""

import pytest
from python_on_whales import DockerClient

from harness.machines.record import described


@pytest.fixture(scope="session")
def control_groups(docker: DockerClient) -> dict[str, str]:
    """Return the engine's version of cgroups, and its cgroup driver."""
    version, _, driver = described(docker)["cgroup"].partition(", ")
    return {"cgroup": version, "cgroup driver": driver}


@pytest.fixture
def cgroup(control_groups: dict[str, str]) -> str:
    """Return v1 or v2, for a test that expects different results."""
    return control_groups["cgroup"]


@pytest.fixture(autouse=True)
def note_control_groups(request: pytest.FixtureRequest) -> None:
    """Add the version of cgroups to the result of a test marked `cgroup`."""
    if request.node.get_closest_marker("cgroup"):
        request.getfixturevalue("note")(request.getfixturevalue("control_groups").items())
