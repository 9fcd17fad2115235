"""A reader's machine in one container: an empty Docker, a registry, and a user who is not root."""

import os
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterable
from pathlib import Path

from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

import base_images
import engine
from container import Container
from harness import registry
from private_engine import EngineError

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = Path(__file__).with_name("readers_machine.Dockerfile")
NAME, USER, HOME = "docker", "reader", "/home/reader"
RESULTS = {"machine.json": f"{NAME}.json", "proofs.xml": f"{NAME}.xml"}
IMAGES = [name for name in base_images.STAND_INS if name != "python:3.14"]  # benchmarks need it
OLDEST = 25  # the first Docker that saves images as the registry takes them


def prove(folder: Path, arguments: list[str]) -> int:
    """Run README's command on a machine made for it, and return pytest's exit code."""
    run, start = engine.Run(), time.monotonic()
    os.environ["PROOFS_RUN"] = run.name
    try:
        say("building and starting a reader's machine")
        machine = ReadersMachine(engine.find(), run.name)
        say("filling its registry with the official images")
        machine.fill(IMAGES)
        say(f"running README's command as the user {USER}")
        machine.check_out()
        code = machine.shell(readme_command(), *arguments, folder=folder)
        machine.save_results()
        say(f"exit code {code} after {time.monotonic() - start:.0f} s")
    finally:
        run.end()
    return code


class ReadersMachine:
    """The container, which is removed with its run."""

    def __init__(self, docker: DockerClient, run: str) -> None:
        """Build the machine's image, start it, and wait for its Docker and its registry."""
        self.docker = docker
        tag = f"{engine.REPOSITORY}:{run}-readers-machine"
        try:
            check(docker)
            docker.legacy_build(DOCKERFILE.parent, file=DOCKERFILE, tags=tag)
            handle = docker.run(
                tag,
                detach=True,
                init=True,
                privileged=True,
                publish=[("127.0.0.1::80",)],
                labels={engine.LABEL: run},
                add_hosts=[("quay.io", "127.0.0.1"), ("ghcr.io", "127.0.0.1")],
            )
            self.container = Container(docker, handle)
            self.container.wait_for_log("API listen on")
            self.container.wait_for_log("listening on [::]:80")
        except (AssertionError, DockerException) as error:
            lines = str(getattr(error, "stderr", error)).strip().splitlines()
            message = f"the reader's machine does not start: {lines[-1]}"
            raise EngineError(message) from error

    def fill(self, images: Iterable[str]) -> None:
        """Put official images into its registry, as this machine's engine has or gets them."""
        images = list(images)
        base_images.ensure(self.docker, images, engine.CACHE)
        registry.fill(self.docker, images, f"127.0.0.1:{self.container.ports[0]}")

    def check_out(self) -> None:
        """Copy what git lists in this checkout, with the changes that are not committed."""
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
        self.root("install", "--directory", "--owner", USER, "--group", USER, f"{HOME}/guide")
        unpack = [*self.exec, "--interactive", self.container.handle.id]
        unpack += ["tar", "--extract", "--directory", f"{HOME}/guide"]
        with (
            subprocess.Popen(unpack, stdin=subprocess.PIPE) as unpacking,
            tarfile.open(fileobj=unpacking.stdin, mode="w|") as archive,
        ):
            for name in filter(None, dict.fromkeys(listed.stdout.split("\0"))):
                if (ROOT / name).is_file():  # neither deleted nor a folder of another repository
                    archive.add(ROOT / name, name)

    def shell(self, script: str, *arguments: str, folder: Path = Path()) -> int:
        """Run a script in the user's login shell, in the checkout, and return its exit code."""
        place = ["--workdir", f"{HOME}/guide/{folder}", self.container.handle.id]
        command = ["bash", "--login", "-c", script, "bash", *arguments]
        return subprocess.run([*self.exec, *place, *command], check=False).returncode

    def save_results(self) -> None:
        """Copy the results of the last run to .cache/machines in this checkout."""
        saved = ROOT / ".cache/machines"
        saved.mkdir(parents=True, exist_ok=True)
        for theirs, ours in RESULTS.items():
            (saved / ours).unlink(missing_ok=True)
            try:
                place = (self.container.handle, f"{HOME}/guide/.cache/{theirs}")
                self.docker.copy(place, saved / ours)
            except DockerException:
                say(f"the run wrote no {theirs}")

    @property
    def exec(self) -> list[str]:
        """Return the command that runs another one as the user, up to its options."""
        return [*map(str, self.docker.client_config.docker_cmd), "exec", "--user", USER]

    def root(self, *command: str) -> str:
        """Run a command as root, which the user cannot."""
        return self.docker.execute(self.container.handle, list(command), user="root")


def check(docker: DockerClient) -> None:
    """Raise EngineError if this machine's engine cannot start a reader's machine."""
    kind = docker.client_config.client_type
    version = docker.version()
    found = (version.server or version.client).version
    if kind != "docker" or int(found.partition(".")[0]) < OLDEST:
        message = (
            f"--on {NAME} needs Docker {OLDEST} or newer on this machine: this is {kind} {found}"
        )
        raise EngineError(message)


def readme_command() -> str:
    """Return the command that README.md proves the guide with, and what it says to type if pip refuses."""
    text = (ROOT / "README.md").read_text()
    section = re.search(r"(?ms)^## Prove it\n(.*?)^## ", text)[1]
    command, *_, instead = re.findall(r"(?m)^```sh\n(.+)\n```", section)
    install, rest = command.split(" && ", 1)
    return f'{{ {install} || {{ {instead}; }}; }} && {rest} "$@"'


def say(what: str) -> None:
    """Print what happens now."""
    sys.stdout.write(f"--on {NAME}: {what}\n")
    sys.stdout.flush()
