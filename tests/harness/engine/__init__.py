"""The container engine that the tests use."""

import os
import re
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

from filelock import FileLock
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from harness.engine.private import EngineError, PrivateEngine

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "gunicorn-docker-django"
LABEL = "proofs"  # on every container, network and volume of a test; its value is the run
COMPOSE = (2, 24, 4)  # the first version with the tag !override, with which a test changes a file
REPOSITORY = "proofs"  # for every image tag of a test; the tag begins with the run
os.environ["BUILDX_BUILDER"] = "default"  # the engine's own, because others do not keep the image


@cache
def find() -> DockerClient:
    """Return a client for the engine that responds; if none does, start the private one.

    The order: `DOCKER_HOST`, `docker`, `podman`, Debian's packages. Raises EngineError.
    """
    if client := running():
        if client.client_config.client_type == "docker" and not client.buildx.is_installed():
            message = "docker has no Buildx, which builds these images: install its Buildx plugin"
            raise EngineError(message)
        if (found := compose_version(client)) < COMPOSE:
            message = (
                f"docker has Compose {'.'.join(map(str, found)) or 'not'}, and the tests need"
                f" {'.'.join(map(str, COMPOSE))} or newer: update its Compose plugin"
            )
            raise EngineError(message)
        return client
    if host := os.environ.get("DOCKER_HOST"):
        message = f"the engine at DOCKER_HOST={host} does not answer: start it, or unset it"
        raise EngineError(message)
    if not Path("/etc/debian_version").exists() or os.geteuid() != 0:
        message = (
            "no container engine: install Docker (https://docs.docker.com/get-docker/) or"
            " Podman and start it, or run this as root on Debian"
        )
        raise EngineError(message)
    with FileLock(CACHE / "engine.lock"):
        private().start()
    return client_of(private())


def running() -> DockerClient | None:
    """Return a client for an engine that is already running, or nothing."""
    with suppress(OSError):
        for name in ("docker",) if "DOCKER_HOST" in os.environ else ("docker", "podman"):
            if shutil.which(name):
                client = DockerClient(client_call=[name], client_type=kind_of(name))
                with suppress(DockerException):
                    client.container.list()
                    return client
    if private().answers() and "DOCKER_HOST" not in os.environ:
        return client_of(private())
    return None


def kind_of(program: str) -> Literal["docker", "podman"]:
    """Return docker or podman; Podman may also be installed under Docker's name."""
    command = [program, "--version"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return "podman" if done.stdout.startswith("podman") else "docker"


def version(client: DockerClient) -> str:
    """Return the engine's version; Podman without a service has only its own."""
    found = client.version()
    about = found.server or found.client
    return str(about.version) if about else ""


def compose_version(client: DockerClient) -> tuple[int, ...]:
    """Return the version of a client's Compose, or an empty one if it has none."""
    command = [*client.client_config.docker_cmd, "compose", "version", "--short"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return tuple(map(int, re.findall(r"\d+", done.stdout)[:3]))


@cache
def private() -> PrivateEngine:
    """Return the engine made from Debian's packages, whether it is running or not."""
    return PrivateEngine(CACHE / "engine")


def client_of(engine: PrivateEngine) -> DockerClient:
    """Return a client that connects only to the private engine."""
    return DockerClient(client_call=engine.client, client_type="docker", host=engine.host)


def socket_of(client: DockerClient) -> str:
    """Return the path of the socket on which the engine listens."""
    if client.client_config.client_type == "podman":
        command = ["podman", "info", "--format", "{{.Host.RemoteSocket.Path}}"]
        return subprocess.check_output(command, text=True).strip().removeprefix("unix://")
    host = client.client_config.host or os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    return host.removeprefix("unix://")


def is_private(client: DockerClient) -> bool:
    """Whether a client connects to the private engine, where stand-ins are allowed."""
    return client.client_config.host == private().host
