"""An image registry, and a reader's project that is pushed to it."""

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
    """A registry that this machine, and Docker, reach without TLS at 127.0.0.1."""

    def __init__(self, address: str) -> None:
        """Store its address, such as 127.0.0.1:5000."""
        self.address = address

    def get(self, path: str) -> httpx.Response:
        """Request a path below /v2, such as /shop/tags/list."""
        url = f"http://{self.address}/v2{path}"
        return httpx.get(url, headers=ACCEPT, timeout=PATIENCE, trust_env=False)

    def tags(self, repository: str) -> list[str]:
        """Return a repository's tags."""
        return sorted(self.get(f"/{repository}/tags/list").json()["tags"])

    def digest(self, repository: str, tag: str) -> str:
        """Return a tag's digest."""
        return self.get(f"/{repository}/manifests/{tag}").headers["Docker-Content-Digest"]

    def push(self, docker: DockerClient, image: str, repository: str, tag: str) -> str:
        """Push an image, and return its name by digest; the engine keeps the image itself."""
        name = f"{self.address}/{repository}:{tag}"
        docker.tag(image, name)
        docker.push(name, quiet=True)
        docker.image.remove(name)
        return f"{self.address}/{repository}@{self.digest(repository, tag)}"

    def configuration(self, repository: str, tag: str) -> dict[str, object]:
        """Return the configuration of an image, as it was pushed."""
        digest = self.get(f"/{repository}/manifests/{tag}").json()["config"]["digest"]
        return json.loads(self.get(f"/{repository}/blobs/{digest}").content)


@pytest.fixture(scope="session")
def image_registry(docker, builder, running) -> Iterator[Registry]:
    """Run an empty registry, shared by a session's tests; Podman would want TLS."""
    if docker.client_config.client_type == "podman":
        pytest.skip("Podman refuses a registry without TLS, unless its settings name the address")
    builder.have_bases(HERE / "registry.Dockerfile")
    image = builder.build(HERE / "registry.Dockerfile", project=HERE)
    with running(image, ready="listening on") as container:
        yield Registry(container.address.removeprefix("http://"))


@pytest.fixture(scope="session")
def docker_in_path(docker: DockerClient) -> Callable[[Path], str]:
    """Return a function that writes a program `docker` for the pages' scripts to a directory.

    It returns the directory, to be put first in PATH.
    """

    def docker_in_path(folder: Path) -> str:
        folder.mkdir(exist_ok=True)
        program = shlex.join(map(str, docker.client_config.docker_cmd))
        (folder / "docker").write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        (folder / "docker").chmod(0o755)
        return str(folder)

    return docker_in_path
