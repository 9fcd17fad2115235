"""Test runs, and their cleanup: they leave nothing behind."""

import fcntl
import os
import signal
import subprocess
import sys
import uuid
from contextlib import suppress
from typing import Literal

from filelock import FileLock
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from harness import ROOT
from harness.engine import CACHE, LABEL, REPOSITORY, private, running

RUNS = CACHE / "runs"


class Run:
    """One test run: regardless of how it ends, the next run's start removes all that is left.

    Each run locks its own file. The kernel releases the lock of a killed run, so the next run
    can tell dead runs from those in progress, and remove what they left.
    """

    def __init__(self) -> None:
        """Clean up after dead runs, and begin."""
        self.name = uuid.uuid4().hex[:8]
        RUNS.mkdir(parents=True, exist_ok=True)
        with FileLock(RUNS.parent / "engine.lock"):
            sweep_dead()
            self.lock = (RUNS / self.name).open("w")
            fcntl.flock(self.lock, fcntl.LOCK_EX)

    def end(self) -> None:
        """Remove what this run created; the last run also stops the private engine.

        The cleanup runs in a separate session, because Ctrl-C also interrupts every `docker`
        command in the terminal's session.
        """
        for interrupt in signal.SIGINT, signal.SIGTERM:
            signal.signal(interrupt, signal.SIG_IGN)
        lock = self.lock.fileno()
        command = [sys.executable, "-m", __name__, self.name, str(lock)]
        env = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
        sys.stdout.flush()  # otherwise a pipe gets pytest's summary after the cleanup's line
        subprocess.run(command, check=False, env=env, start_new_session=True, pass_fds=[lock])
        self.lock.close()


def end(name: str, lock: str) -> None:
    """Remove what a run created, and stop the private engine if no other run is alive.

    `lock` is the descriptor of the file that has marked the run as alive until now.
    """
    with FileLock(RUNS.parent / "engine.lock"):
        fcntl.flock(int(lock), fcntl.LOCK_UN)
        if not running():  # so nothing was created
            (RUNS / name).unlink(missing_ok=True)
        if not sweep_dead():
            private().stop()


def sweep_dead() -> int:
    """Clean up after each dead run, if an engine is running, and return how many runs are alive."""
    alive = 0
    for path in RUNS.iterdir():
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                alive += 1
            else:
                with suppress(DockerException):  # not yet: the next run tries again
                    if client := running():
                        sweep(client, path.name)
                        path.unlink()
    return alive


def sweep(client: DockerClient, run: str) -> None:
    """Print a line, then remove the containers, networks, volumes and images of one run."""
    filters: list[tuple[Literal["label"], str]] = [("label", f"{LABEL}={run}")]
    own = f"{REPOSITORY}:{run}-"  # Podman adds localhost/ in front
    images = client.image.list(filters=[("reference", f"{own}*")])
    tags = [tag for image in images for tag in image.repo_tags]
    tags = [tag for tag in tags if tag.removeprefix("localhost/").startswith(own)]
    # A second build took their tag.
    untagged = client.image.list(filters=[*filters, ("dangling", "true")])
    containers = client.container.list(all=True, filters=filters)
    networks, volumes = client.network.list(filters=filters), client.volume.list(filters=filters)
    # Those that a test adds to a Compose file later have no label.
    volumes += client.volume.list(filters=[("name", f"{REPOSITORY}-{run}-")])
    volumes = list({volume.name: volume for volume in volumes}.values())
    counts = {
        "containers": len(containers),
        "networks": len(networks),
        "volumes": len(volumes),
        "image tags": len(tags),
        "images without a tag": len(untagged),
    }
    if made := [f"{kind}: {count}" for kind, count in counts.items() if count]:
        sys.stderr.write(f"removing what run {run} made ({', '.join(made)})\n")
    client.container.remove(containers, force=True, volumes=True)
    client.network.remove([*networks])
    client.volume.remove([*volumes])
    client.image.remove([*tags, *(image.id for image in untagged)])


if __name__ == "__main__":
    end(*sys.argv[1:])
