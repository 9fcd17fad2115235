"""The containers that an image check starts, and how long it waits for them."""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import httpx
import pytest
from python_on_whales import Container as Handle
from python_on_whales import DockerClient
from python_on_whales.components.container.models import ContainerHealth
from python_on_whales.exceptions import DockerException

from harness.container import PATIENCE, Container
from harness.contract.verdicts import quoted, require

FIRST_RESPONSE = PATIENCE // 3  # seconds
CHECKS = 3  # consecutive results of a health check that are trusted
ANY_CAUSE = "troubleshooting.html"


class Containers:
    """Starts containers from one image, and removes them when the check ends."""

    def __init__(
        self, docker: DockerClient, image: str, ports: Sequence[str], path: str, **options: Any
    ) -> None:
        """Start nothing yet. `ports` are the ports that the image exposes, such as 8000/tcp.

        `options` are options of `docker create`, for every container.
        """
        self.docker, self.image, self.ports, self.path = docker, image, ports, path
        self.options = options
        self.handles: list[Handle] = []
        self.guests: list[Handle] = []  # those in another container's network
        self.creating, self.booting, self.closed = Lock(), Lock(), False
        self.failure = ""  # of a start without its own page, and so without special options

    def start(self, page: str = ANY_CAUSE, **options: Any) -> Container:
        """Start a container, and return it after its first response, whatever the status.

        Containers boot one at a time, so that each has the machine to itself.
        `page` is the page to cite if there is no response; without it, the options do not matter,
        and an image that never responds is started only once.
        """
        require(self.ports, "no EXPOSE", "dockerfile.html#exposed-port-is-the-bound-one")
        with self.booting:
            if self.failure:
                pytest.fail(self.failure, pytrace=False)
            try:
                container = self.run([], page, publish_all=True, **options)
                self.wait_for_response(container, page)
            except pytest.fail.Exception as failure:
                self.failure = str(failure) if page == ANY_CAUSE else ""
                raise
        return container

    def run(self, command: Sequence[str], page: str = ANY_CAUSE, **options: Any) -> Container:
        """Run a command in a container, and return the container immediately."""
        with self.creating:
            if self.closed:
                message = "the check is over"
                raise RuntimeError(message)
            options = self.options | {"pull": "never"} | options
            handle = self.docker.container.create(self.image, list(command), **options)
            (self.guests if "networks" in options else self.handles).append(handle)
        error = None
        try:
            handle.start()
        except DockerException as raised:
            error = raised.stderr or ""
        require(error is None, f"it does not start, {quoted((error or '').splitlines()[:1])}", page)
        return Container(self.docker, handle)

    def wait_for_response(self, container: Container, page: str) -> None:
        """Send requests until one gets a response."""
        deadline = time.monotonic() + FIRST_RESPONSE
        while True:
            with suppress(httpx.TransportError, IndexError):  # no response, or no port
                container.get(self.path)
                return
            if not container.running:
                code = container.exit_code
                line = f"it exits with code {code} at startup, {last_line(container)}"
                require(None, line, page)
            if time.monotonic() > deadline:
                line = f"no response within {FIRST_RESPONSE} s, {last_line(container)}"
                require(None, line, "options.html#default-bind-is-not-reachable")
            time.sleep(0.3)

    def close(self) -> None:
        """Remove all containers, which also ends what waits for them, and start no more."""
        with self.creating:
            self.closed = True
        for handles in self.guests, self.handles:  # Podman keeps the host of a guest
            if handles:
                self.docker.container.remove(handles, force=True, volumes=True)


def last_line(container: Container) -> str:
    """Return the last line that a container printed, in quotes."""
    return quoted(container.logs().splitlines())


def wait_for_health(container: Container, status: str, page: str) -> None:
    """Wait until Docker reports the status; a few consecutive other results also end the wait."""
    since, deadline = datetime.now(UTC), time.monotonic() + FIRST_RESPONSE
    while (health := container.handle.state.health or ContainerHealth()).status != status:
        late = [check for check in health.log or [] if check.start and check.start > since]
        if len(late) >= CHECKS or time.monotonic() > deadline:
            line = f"it stays {health.status}, {quoted([check.output or '' for check in late])}"
            require(None, line, page)
        time.sleep(0.3)
