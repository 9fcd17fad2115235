"""Podman in a test's container, with the guide's WhiteNoise image in it."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest
from httpx import Response

from harness.container import Container
from harness.texts import edited
from scenarios import health_checks, whitenoise

HOST = {"headers": {"Host": "shop.example"}}
CHANGES = {
    **health_checks.CHANGES,
    **whitenoise.CHANGES,
    "core/settings.py": health_checks.SETTINGS
    + edited(whitenoise.SETTINGS, {"MIDDLEWARE = [": health_checks.MIDDLEWARE}),
}
IMAGE = "registry.example/shop:1.0.0"  # the reader's name
PODMAN = {
    "privileged": True,
    "cgroupns": "private",
    "init": True,
    "expose": 8000,
    "ready": "",
    "env": {"PODMAN_IGNORE_CGROUPSV1_WARNING": "1"},
}
SOCKETS = """
podman ps --quiet | xargs podman inspect --format '{{.State.Pid}}' |
while read pid; do cat /proc/$pid/net/tcp /proc/$pid/net/tcp6; done
"""
WRITE = 'while test $# -gt 0; do printf %s "$2" > "$1"; shift 2; done'


def app(build):
    """Build the WhiteNoise image with the health checks, and return its tag."""
    return build("dockerfile/app.Dockerfile", files=health_checks.FILES, changes=CHANGES)


class Podman(Container):
    """A container in which Podman has the WhiteNoise image under the reader's name."""

    def load(self, image: str) -> None:
        """Copy an image from the outer engine to Podman, unless it is there already."""
        if self.sh(f"podman image exists {IMAGE} && echo here") != "here":
            docker = [*map(str, self.docker.client_config.docker_cmd)]
            inside = [*docker, "exec", "--interactive", self.handle.id, "podman", "load", "--quiet"]
            with subprocess.Popen([*docker, "save", image], stdout=subprocess.PIPE) as saved:
                told = subprocess.check_output(inside, stdin=saved.stdout, text=True)
            self.exec("podman", "tag", told.split()[-1], IMAGE)

    @contextmanager
    def holding(self, image: str) -> Iterator[None]:
        """Have another image under the reader's name within a `with` block."""
        before = self.exec("podman", "image", "inspect", "--format", "{{.Id}}", IMAGE)
        self.exec("podman", "untag", IMAGE)
        self.load(image)
        try:
            yield
        finally:
            self.exec("podman", "tag", before, IMAGE)

    def sh(self, script: str, *arguments: str) -> str:
        """Run a shell script inside, and return its output, even if it fails."""
        return self.exec("sh", "-c", f"{{ {script}\n}} 2>&1 || true", "sh", *arguments)

    def begin_get(self, path: str) -> Future[Response]:
        """Send a request in the background, and return once a worker has certainly begun it."""
        self.get("/health/", **HOST)
        return self.begin(lambda: self.start_get(path, **HOST))

    def sockets(self) -> str:
        """Return the TCP tables of the containers that run inside."""
        return self.sh(SOCKETS)

    def write(self, files: dict[str, str]) -> None:
        """Write texts to files inside, by path."""
        assert self.sh(WRITE, *sum(files.items(), ())) == ""


@pytest.fixture(scope="module")
def podman(build, docker, official, running):
    """Return Podman with the app image, for one file's tests."""
    stable = official("quay.io/podman/stable:v5.8")
    with running(stable, "sleep", "infinity", **PODMAN) as container:
        podman = Podman(docker, container.handle)
        podman.load(app(build))
        yield podman
