"""A Compose file from the guide, started by a test with its run's images."""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from python_on_whales import DockerClient

from harness import SNIPPETS, engine, name_server
from harness.container import Container
from harness.engine.needs import needs_of

Services = dict[str, dict[str, Any]]  # by service, in Compose's own keys


class Stack:
    """One Compose project in a test's directory, like a reader's next to `manage.py`."""

    def __init__(
        self, docker: DockerClient, folder: Path, file: str, services: Services, env: dict[str, str]
    ) -> None:
        """Save the snippet `file` as compose.yaml, with the test's differences next to it.

        `services` has the differences by service, in Compose's own keys; an `image` replaces a
        `build`, unless there are more keys for the build.
        The engine chooses the ports, and everything created has the run's label.
        A single service shares the engine's own network, so that Compose creates none.
        """
        needs_of(docker, (SNIPPETS / file).read_text())
        shutil.copy(SNIPPETS / file, folder / "compose.yaml")
        self.docker, self.folder, self.env = docker, folder, os.environ | env
        place = sha256(str(folder.resolve()).encode()).hexdigest()
        # One project per directory, as in Compose itself.
        self.project = f"proofs-{os.environ['PROOFS_RUN']}-{place[:12]}"
        self.use(services, "compose.yaml")

    def use(self, services: Services, *files: str) -> None:
        """Be the project of these files, with what a test has otherwise over them."""
        docker = self.docker.client_config.docker_cmd
        program = [*docker, "compose", "--project-name", self.project]
        program += [word for file in files for word in ("--file", file)]
        self.command = [*program, "--profile", "*"]
        asked = json.loads(self.read("config", "--format", "json", "--no-interpolate"))
        (self.folder / "override.yaml").write_text(_override(asked, services))
        self.command = [*program, "--file", "override.yaml"]

    def run(self, *command: str, check: bool = True) -> str:
        """Run a `docker compose` command, and return its output.

        Raises AssertionError with the output if the command fails, unless failure is allowed.
        """
        done = self._compose(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert not check or done.returncode == 0, done.stdout
        return str(done.stdout)

    def read(self, *command: str) -> str:
        """Run a command, and return its result without Compose's warnings.

        Raises AssertionError with the warnings if the command fails.
        """
        done = self._compose(command, capture_output=True)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    def _compose(self, command: Sequence[str], **output: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *command],
            check=False,
            cwd=self.folder,
            env=self.env,
            text=True,
            **output,
        )

    @property
    def typed(self) -> dict[str, str]:
        """Return what a shell needs so that a reader's `docker compose` means this project."""
        shim = self.folder.with_name(f"{self.folder.name}-bin") / "docker"
        shim.parent.mkdir(exist_ok=True)
        program = shlex.join(map(str, self.docker.client_config.docker_cmd))
        shim.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        shim.chmod(0o755)
        files = [word for word in map(str, self.command) if word.endswith(".yaml")]
        return {
            "COMPOSE_FILE": ":".join(files),
            "COMPOSE_PROJECT_NAME": self.project,
            "PATH": f"{shim.parent}:{os.environ['PATH']}",
        }

    def shell(
        self, command: str, start: Callable[..., Any] = subprocess.run, **options: Any
    ) -> Any:  # noqa: ANN401 -- what `start` returns
        """Run a command of a page as a reader does who has no other project in this folder.

        `start` is what starts it: subprocess.Popen to do something else at the same time.
        """
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options}
        return start(
            ["sh", "-c", f"exec {command}"],
            cwd=self.folder,
            env=self.env | self.typed,
            text=True,
            **options,
        )

    def up(self, *services: str) -> None:
        """Start the services, and wait until each is healthy, or running if it has no health check.

        On Podman, nginx gets the name server's address before it starts. The others start first:
        Podman chooses a port when it creates a container, and until the start it can be taken.
        """
        up = ("up", "--wait", "--no-build", "--quiet-pull")
        podman = self.docker.client_config.client_type == "podman"
        asked = services or (self.names() if podman else ())
        if podman and "nginx" in asked:
            if others := [name for name in asked if name != "nginx"]:
                self.run(*up, *others)
            self.run("create", "--no-build", "--quiet-pull", "nginx")
            for nginx in self.services("nginx"):
                name_server.configure(self.docker, nginx.handle, self.folder)
        self.run(*up, *services)

    def names(self) -> list[str]:
        """Return the names of the services."""
        return self.read("config", "--services").split()

    def services(self, name: str) -> list[Container]:
        """Return a service's containers, whether they are running or not.

        The engine finds them by Compose's labels, in a fifth of the time that `docker compose ps`
        takes.
        """
        labels = {"project": self.project, "service": name, "oneoff": "False"}
        filters: list[tuple[Literal["label"], str]] = [
            ("label", f"com.docker.compose.{key}={value}") for key, value in labels.items()
        ]
        found = self.docker.container.list(all=True, filters=filters)
        return [Container(self.docker, handle) for handle in found]

    def service(self, name: str) -> Container:
        """Return a service's only container."""
        (container,) = self.services(name)
        return container

    def down(self) -> None:
        """Remove everything that its files name now; the sweep finds what they named earlier."""
        self.run("down", "--volumes", "--timeout", "0")


def _override(asked: dict[str, Any], services: Services) -> str:
    """Return the text of the file that overrides the reader's Compose file."""
    labels = {engine.LABEL: os.environ["PROOFS_RUN"]}
    lines = ["services:"]
    for name, service in asked["services"].items():
        ports = dict.fromkeys(str(port["target"]) for port in service.get("ports", ()))
        ours = {
            "ports": list(ports),
            "pull_policy": "never",
            "labels": labels,
            **services.get(name, {}),
        }
        lines += [f"  {name}:", f"    ports: !override {json.dumps(ours.pop('ports'))}"]
        lines += [f"    {key}: {json.dumps(value)}" for key, value in ours.items()]
        if "image" in ours and "build" not in ours:
            lines += ["    build: !reset null"]
        if len(asked["services"]) == 1:
            lines += ["    networks: !reset null", "    network_mode: bridge"]
    for kind in "networks", "volumes":
        made = asked.get(kind, {}).items()
        if names := [name for name, keys in made if not keys.get("external")]:
            lines += [
                f"{kind}:",
                *(f"  {name}: {{labels: {json.dumps(labels)}}}" for name in names),
            ]
    return "\n".join([*lines, ""])
