"""A registry of images, and a reader's project that is pushed to it."""

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from python_on_whales import DockerClient

from harness.container import PATIENCE

HERE = Path(__file__).parent
KINDS = ["oci.image.manifest.v1", "oci.image.index.v1", "docker.distribution.manifest.v2"]
ACCEPT = {"Accept": ", ".join(f"application/vnd.{kind}+json" for kind in KINDS)}


class Registry:
    """A registry that this machine reaches without TLS, and Docker too at 127.0.0.1."""

    def __init__(self, address: str) -> None:
        """Take its address, such as 127.0.0.1:5000."""
        self.address = address

    def get(self, path: str) -> httpx.Response:
        """Ask for a path below /v2, such as /shop/tags/list."""
        url = f"http://{self.address}/v2{path}"
        return httpx.get(url, headers=ACCEPT, timeout=PATIENCE, trust_env=False)

    def tags(self, repository: str) -> list[str]:
        """Return the tags of a repository."""
        return sorted(self.get(f"/{repository}/tags/list").json()["tags"])

    def digest(self, repository: str, tag: str) -> str:
        """Return the digest of what a tag names."""
        return self.get(f"/{repository}/manifests/{tag}").headers["Docker-Content-Digest"]

    def configuration(self, repository: str, tag: str) -> dict[str, object]:
        """Return the configuration of an image, as it was pushed."""
        digest = self.get(f"/{repository}/manifests/{tag}").json()["config"]["digest"]
        return json.loads(self.get(f"/{repository}/blobs/{digest}").content)


@pytest.fixture(scope="session")
def image_registry(builder, running) -> Iterator[Registry]:
    """Run an empty registry, which the tests of a session share."""
    builder.have_bases(HERE / "registry.Dockerfile")
    image = builder.build(HERE / "registry.Dockerfile", project=HERE)
    with running(image, ready="listening on") as container:
        yield Registry(container.address.removeprefix("http://"))


@pytest.fixture(scope="session")
def docker_in_path(docker: DockerClient) -> Callable[[Path], str]:
    """Return a function that writes a program `docker` for scripts of the pages into a folder.

    It returns the folder, which belongs first in the search path.
    """

    def docker_in_path(folder: Path) -> str:
        folder.mkdir(exist_ok=True)
        program = shlex.join(map(str, docker.client_config.docker_cmd))
        (folder / "docker").write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        (folder / "docker").chmod(0o755)
        return str(folder)

    return docker_in_path
