"""Which container engine the tests use, and what a run leaves behind: nothing."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path

from filelock import FileLock
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from private_engine import EngineError, PrivateEngine

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "gunicorn-docker-django"
RUNS = CACHE / "runs"
LABEL = "proofs"  # on every container, network and volume of a test; its value is the run
COMPOSE = (2, 24, 4)  # the first one with the tag !override, by which a test changes a file
REPOSITORY = "proofs"  # of every image tag of a test; its tag begins with the run
os.environ["BUILDX_BUILDER"] = "default"  # the engine's own: others do not keep the image


@cache
def find() -> DockerClient:
    """Return a client of the engine that answers, starting the private one if none does.

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
    """Return a client of an engine that is up already, or nothing."""
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


def kind_of(program: str) -> str:
    """Return docker or podman; the latter may also have the name of the former."""
    command = [program, "--version"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return "podman" if done.stdout.startswith("podman") else "docker"


def compose_version(client: DockerClient) -> tuple[int, ...]:
    """Return the version of a client's Compose, which is empty if it has none."""
    command = [*client.client_config.docker_cmd, "compose", "version", "--short"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return tuple(map(int, re.findall(r"\d+", done.stdout)[:3]))


@cache
def private() -> PrivateEngine:
    """Return the engine made from Debian's packages, started or not."""
    return PrivateEngine(CACHE / "engine")


def client_of(engine: PrivateEngine) -> DockerClient:
    """Return a client that speaks to the private engine alone."""
    return DockerClient(client_call=engine.client, client_type="docker", host=engine.host)


def socket_of(client: DockerClient) -> str:
    """Return the path of the socket that the engine listens on."""
    if client.client_config.client_type == "podman":
        command = ["podman", "info", "--format", "{{.Host.RemoteSocket.Path}}"]
        return subprocess.check_output(command, text=True).strip().removeprefix("unix://")
    host = client.client_config.host or os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    return host.removeprefix("unix://")


def is_private(client: DockerClient) -> bool:
    """Whether a client speaks to the private engine, where stand-ins are allowed."""
    return client.client_config.host == private().host


class Run:
    """One run of the tests: however it ends, nothing of it outlives the next run's start.

    Each run holds a lock on a file of its own. The kernel frees the lock of a killed run, so
    that the next one can tell dead runs from those in progress, and remove what they left.
    """

    def __init__(self) -> None:
        """Sweep up after dead runs, and begin."""
        self.name = uuid.uuid4().hex[:8]
        RUNS.mkdir(parents=True, exist_ok=True)
        with FileLock(RUNS.parent / "engine.lock"):
            sweep_dead()
            self.lock = (RUNS / self.name).open("w")
            fcntl.flock(self.lock, fcntl.LOCK_EX)

    def end(self) -> None:
        """Remove what this run made; the last one also stops the private engine.

        This is done in a session of its own, because Ctrl-C also interrupts each `docker` command
        of the terminal's session.
        """
        for interrupt in signal.SIGINT, signal.SIGTERM:
            signal.signal(interrupt, signal.SIG_IGN)
        lock = self.lock.fileno()
        command = [sys.executable, __file__, self.name, str(lock)]
        subprocess.run(command, check=False, start_new_session=True, pass_fds=[lock])
        self.lock.close()


def end(name: str, lock: str) -> None:
    """Remove what a run made, and stop the private engine if no other run is alive.

    `lock` is the number of the file that says that the run itself is alive, until now.
    """
    with FileLock(RUNS.parent / "engine.lock"):
        fcntl.flock(int(lock), fcntl.LOCK_UN)
        if not running():  # and so nothing was made
            (RUNS / name).unlink(missing_ok=True)
        if not sweep_dead():
            private().stop()


def sweep_dead() -> int:
    """Sweep up after each dead run, if an engine is up, and return how many runs are alive."""
    alive = 0
    for path in RUNS.iterdir():
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                alive += 1
            else:
                with suppress(DockerException):  # it will not go yet: the next run tries again
                    if client := running():
                        sweep(client, path.name)
                        path.unlink()
    return alive


def sweep(client: DockerClient, run: str) -> None:
    """Remove the containers, networks, volumes and image tags of one run, and say so first."""
    filters = [("label", f"{LABEL}={run}")]
    own = f"{REPOSITORY}:{run}-"  # Podman puts localhost/ in front
    images = client.image.list(filters=[("reference", f"{own}*")])
    tags = [tag for image in images for tag in image.repo_tags]
    made = {
        "containers": client.container.list(all=True, filters=filters),
        "networks": client.network.list(filters=filters),
        "volumes": client.volume.list(filters=filters),
        "image tags": [tag for tag in tags if tag.removeprefix("localhost/").startswith(own)],
    }
    if counts := [f"{kind}: {len(found)}" for kind, found in made.items() if found]:
        sys.stderr.write(f"removing what run {run} made ({', '.join(counts)})\n")
    client.container.remove(made["containers"], force=True, volumes=True)
    client.network.remove(made["networks"])
    client.volume.remove(made["volumes"])
    client.image.remove(made["image tags"])


if __name__ == "__main__":
    end(*sys.argv[1:])
