"""A reader's machine in one container, with a registry and an engine that has no images."""

import os
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from guide.names import ALL_RESULTS, SOME_RESULTS
from harness import ROOT, engine
from harness.container import Container, wait_until
from harness.engine import base_images, runs
from harness.engine.private import EngineError
from harness.machines import registry
from harness.machines.record import WHOLE_RUNS

IMAGES = [*base_images.STAND_INS, "debian:latest"]  # the last is for machines that tests start
OLDEST = 25  # the first Docker that saves images in the registry's format


class Kind(NamedTuple):
    """What distinguishes one machine from the next."""

    name: str  # after --on
    dockerfile: str  # in this folder
    user: str
    home: str
    options: dict[str, Any]  # of `docker run`
    ready: Sequence[str]  # these lines of the log say that it is up
    booted: str = "true"  # this command, run as root, succeeds once the rest is up, too


DOCKER = Kind(
    "docker",
    "readers.Dockerfile",
    "reader",
    "/home/reader",
    {"init": True},
    ["API listen on", "listening on [::]:80"],
)
PODMAN = Kind(
    "podman",
    "podman.Dockerfile",
    "root",
    "/root",
    {"cgroupns": "private"},  # conmon looks for a cgroup's files below its own root
    ["listening on [::]:80"],
    "test -S /run/podman/podman.sock && systemctl is-active multi-user.target",
)


def prove(kind: Kind, folder: Path, arguments: list[str]) -> int:
    """Run README's command on a machine made for it, and return pytest's exit code."""
    say = partial(print, flush=True)
    run, start = runs.Run(), time.monotonic()
    os.environ["PROOFS_RUN"] = run.name
    try:
        say(f"run: {run.name}")
        say(f"building and starting the machine {kind.name}")
        machine = ReadersMachine(kind, engine.find(), run.name)
        say("filling its registry with the official images")
        machine.fill(IMAGES, say)
        say(f"running README's command as the user {kind.user}")
        machine.check_out()
        code = machine.shell(readme_command(), *arguments, folder=folder)
        machine.save_results()
        if "--keep" in arguments:
            machine.save(WHOLE_RUNS.relative_to(ROOT), WHOLE_RUNS)
        say(f"exit code {code} after {time.monotonic() - start:.0f} s")
    finally:
        run.end()
    return code


class ReadersMachine:
    """The container, which is removed with its run."""

    def __init__(self, kind: Kind, docker: DockerClient, run: str) -> None:
        """Build the machine's image, start it, and wait for its engine and its registry."""
        self.kind, self.docker = kind, docker
        tag = f"{engine.REPOSITORY}:{run}-{kind.name}-machine"
        folder = Path(__file__).parent
        check(docker)
        private = engine.is_private(docker)
        # The private engine builds `debian`, which the machine starts from, together with these.
        base_images.ensure(docker, IMAGES[:1], engine.CACHE, stand_ins=private, say=print)
        try:
            docker.legacy_build(folder, file=folder / kind.dockerfile, tags=tag)
            handle = docker.run(
                tag,
                detach=True,
                privileged=True,
                publish=[("127.0.0.1::80",)],
                labels={engine.LABEL: run},
                **kind.options,
                add_hosts=[("quay.io", "127.0.0.1"), ("ghcr.io", "127.0.0.1")],
            )
            self.container = Container(docker, handle)
            for line in kind.ready:
                self.container.wait_for_log(line)
            assert wait_until(self.is_booted), f"its command fails: {kind.booted}"
        except (AssertionError, DockerException) as error:
            lines = str(getattr(error, "stderr", error)).strip().splitlines()
            message = f"the machine for --on {kind.name} does not start: {lines[-1]}"
            raise EngineError(message) from error

    def is_booted(self) -> bool:
        """Whether its services are running."""
        with suppress(DockerException):
            self.run("sh", "-c", self.kind.booted, user="root")
            return True
        return False

    def fill(self, images: Sequence[str], say: Callable[[str], None]) -> None:
        """Copy official images, which this machine's engine has or gets, into its registry."""
        private = engine.is_private(self.docker)
        base_images.ensure(self.docker, images, engine.CACHE, stand_ins=private, say=say)
        registry.fill(self.docker, images, f"127.0.0.1:{self.container.ports[0]}")

    def check_out(self) -> None:
        """Copy the files that git lists in this checkout, with their uncommitted changes."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=False,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        if listed.returncode:
            message = f"--on copies the files that git lists: {listed.stderr.strip()}"
            raise EngineError(message)
        self.run("mkdir", self.checkout)
        unpack = [*self.exec, "--interactive", self.container.handle.id]
        unpack += ["tar", "--extract", "--directory", self.checkout]
        with (
            subprocess.Popen(unpack, stdin=subprocess.PIPE) as unpacking,
            tarfile.open(fileobj=unpacking.stdin, mode="w|") as archive,
        ):
            for name in filter(None, dict.fromkeys(listed.stdout.split("\0"))):
                if (ROOT / name).is_file():  # neither deleted nor a directory of another repository
                    archive.add(ROOT / name, name)

    def shell(self, script: str, *arguments: str, folder: Path = Path()) -> int:
        """Run a script in the user's login shell in the checkout, and return its exit code."""
        terminal = ["--tty"] if sys.stdout.isatty() else []
        place = [*terminal, "--workdir", f"{self.checkout}/{folder}", self.container.handle.id]
        command = ["bash", "--login", "-c", script, "bash", *arguments]
        return subprocess.run([*self.exec, *place, *command], check=False).returncode

    def save_results(self) -> None:
        """Copy the results of its pytest, and remove those of an earlier machine."""
        for suffix in ".json", ".xml":
            ours = ROOT / f".cache/machines/{self.kind.name}{suffix}"
            ours.parent.mkdir(parents=True, exist_ok=True)
            ours.unlink(missing_ok=True)
            for theirs in ALL_RESULTS, SOME_RESULTS:
                with suppress(DockerException):  # one of the two exists, if there was a run
                    self.save(Path(theirs).with_suffix(suffix), ours)

    def save(self, theirs: Path, ours: Path) -> None:
        """Copy a file from its checkout to a path on this machine."""
        self.docker.copy((self.container.handle, f"{self.checkout}/{theirs}"), ours)

    @property
    def checkout(self) -> str:
        """Return the location of its copy of this checkout."""
        return f"{self.kind.home}/guide"

    @property
    def exec(self) -> list[str]:
        """Return the beginning of a command that runs another one as the user."""
        return [*map(str, self.docker.client_config.docker_cmd), "exec", "--user", self.kind.user]

    def run(self, *command: str, user: str | None = None) -> str:
        """Run a command as its user or another one, and return the output."""
        user = user or self.kind.user
        return str(self.docker.execute(self.container.handle, list(command), user=user))


def check(docker: DockerClient) -> None:
    """Raise EngineError if this machine's engine cannot start such a machine."""
    kind = docker.client_config.client_type
    found = engine.version(docker)
    if kind != "docker" or int(found.partition(".")[0]) < OLDEST:
        message = f"--on needs Docker {OLDEST} or newer on this machine, which has {kind} {found}"
        raise EngineError(message)


def readme_command() -> str:
    """Return README's command, and its fallback if pip refuses, with these pytest arguments."""
    text = (ROOT / "README.md").read_text()
    [section] = re.findall(r"(?ms)^## Run the tests\n(.*?)^## ", text)
    command, *_, instead = re.findall(r"(?m)^```sh\n(.+)\n```", section)
    install, rest = command.split(" && ", 1)
    return f'{{ {install} || {{ {instead}; }}; }} && {rest} "$@"'
