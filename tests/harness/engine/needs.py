"""Features that an older Docker does not have: their tests are skipped, with the version needed."""

import re
from functools import cache

import pytest
from python_on_whales import DockerClient

from harness import engine

BY_FILE = {r"start[-_]interval": 25}  # texts in a Dockerfile or a Compose file


def needs_docker(docker: DockerClient, version: int, what: str) -> None:
    """Skip the test if Docker is older than a version; Podman has its own versions."""
    if docker.client_config.client_type == "docker" and _major(docker) < version:
        pytest.skip(f"{what} needs Docker {version}, and this is Docker {_major(docker)}")


def needs_of(docker: DockerClient, file: str) -> None:
    """Skip the test if a file uses something that this Docker does not support."""
    for pattern, version in BY_FILE.items():
        if found := re.search(pattern, file):
            needs_docker(docker, version, found[0])


@cache
def _major(docker: DockerClient) -> int:
    return int(engine.version(docker).partition(".")[0])
