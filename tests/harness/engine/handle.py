"""A container's handle: the client library's, with what the tests need and the library lacks."""

import subprocess
from collections.abc import Generator, Sequence
from contextlib import suppress
from threading import Timer

import python_on_whales
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

ROW = "pid,ppid,uid,args"  # of processes


class Handle(python_on_whales.Container):
    """A container of any engine; each call runs the engine's program."""

    def __init__(self, client: DockerClient, name: str) -> None:
        """Take the container of this ID."""
        super().__init__(client.client_config, name, is_immutable_id=True)

    def output(self, command: Sequence[str]) -> str:
        """Run a command inside, and return its output; raises DockerException if it fails."""
        return str(self.execute([*command]))

    def follow(self, patience: float) -> Generator[str]:
        """Return the lines that the container prints, until it ends or `patience` is over."""
        follow = subprocess.Popen(
            [*map(str, self.docker_cmd), "logs", "--follow", self.id],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        timer = Timer(patience, follow.kill)
        timer.start()
        with follow:
            try:
                yield from follow.stdout or ()
            finally:
                timer.cancel()
                follow.kill()

    def ended(self, patience: float) -> int | None:
        """Wait for the exit, and return its code, or nothing if `patience` is over."""
        with suppress(subprocess.TimeoutExpired):
            return int(self._command("wait", self.id, timeout=patience))
        return None

    def end(self, grace: int | None) -> None:
        """Stop like `docker stop`, with its grace period or another one, in seconds."""
        self._command("stop", *(() if grace is None else ("-t", str(grace))), self.id)

    def discard(self) -> None:
        """Remove the container, running or not, with its anonymous volumes."""
        self._command("rm", "--force", "--volumes", self.id)

    def processes(self) -> list[list[str]]:
        """Return each process's PID, its parent's, its user ID and its command line.

        Podman runs `ps` inside, and can leave its line out only if the lines have `args`.
        """
        lines = self._command("top", self.id, "-eo", ROW).splitlines()
        return [line.split(maxsplit=3) for line in lines[1:]]

    def attempt(
        self, command: Sequence[str], env: Sequence[str], patience: float
    ) -> tuple[int, str]:
        """Run a command inside, and return its exit code, and what it printed anywhere."""
        given = [f"--env={variable}" for variable in env]
        done = subprocess.run(
            [*map(str, self.docker_cmd), "exec", *given, self.id, *command],
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=patience,
        )
        return done.returncode, done.stdout

    def _command(self, *words: str, timeout: float | None = None) -> str:
        """Run a command for which the client library has no call, or drops an argument."""
        command = [*map(str, self.docker_cmd), *words]
        done = subprocess.run(command, check=False, capture_output=True, timeout=timeout)
        if done.returncode:
            raise DockerException(command, done.returncode, done.stdout, done.stderr)
        return done.stdout.decode()
