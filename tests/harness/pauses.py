"""Freezes a container for a while, like `docker pause`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from harness.container import Container, wait_until


@contextmanager
def paused(docker: DockerClient, container: Container) -> Iterator[None]:
    """Pause a container for the duration of a `with` block.

    On cgroup v1, runc gives up with "unable to freeze" if it cannot freeze all processes at the
    same moment, and leaves the container running, so this function tries again.
    """

    def pause() -> bool:
        try:
            docker.pause(container.handle)
        except DockerException as error:
            if not re.search("unable to freeze", str(error)):
                raise
        return bool(container.handle.state.paused)

    assert wait_until(pause), "the engine does not pause the container"
    try:
        yield
    finally:
        docker.unpause(container.handle)
