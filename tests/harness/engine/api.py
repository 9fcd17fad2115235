"""A container's handle that talks to Docker's socket instead of starting `docker` processes.

A call costs a few milliseconds of the processor, and the process costs fifty. `logs` remains the
library's, because a faster call comes before lines that follow a response. The calls and the frames
of a stream: https://docs.docker.com/reference/api/engine/version/v1.52/
"""

import subprocess
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import httpx
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from harness.engine.handle import ROW, Handle

BOTH = {"stdout": True, "stderr": True}
OUTPUT, HEADER = 1, 8  # the number of that stream, and the bytes before each frame of one
GONE = 404


@cache
def socket(client: DockerClient) -> httpx.Client | None:
    """Return connections to Docker's socket, or nothing if there is none on this machine.

    Podman has none, unless its service runs.
    """
    if client.client_config.client_type != "docker":
        return None
    command = [*map(str, client.client_config.docker_cmd), "context", "inspect"]
    command += ["--format", "{{.Endpoints.docker.Host}}"]
    host = client.client_config.host or subprocess.check_output(command, text=True).strip()
    if not host.startswith("unix://"):
        return None
    transport = httpx.HTTPTransport(uds=host.removeprefix("unix://"))
    return httpx.Client(transport=transport, base_url="http://docker", timeout=None)  # noqa: S113 -- waits are the tests'


def handle(client: DockerClient, name: str) -> Handle:
    """Return the handle of the container with this ID, through the socket if there is one."""
    found = socket(client)
    return ApiHandle(client, name, found) if found else Handle(client, name)


class ApiHandle(Handle):
    """A container of a Docker on this machine."""

    def __init__(self, client: DockerClient, name: str, api: httpx.Client) -> None:
        """Take the container of this ID, and the connections."""
        super().__init__(client, name)
        self.api = api

    def _fetch_inspect_result_json(self, reference: str) -> Any:  # noqa: ANN401 -- JSON
        return self._ask("GET", f"/containers/{reference}/json").json()

    def output(self, command: Sequence[str]) -> str:
        """Run a command inside, and return its output; raises DockerException if it fails."""
        code, frames = self._execute(command)
        out, err = ("".join(t for n, t in frames if (n == OUTPUT) == wanted) for wanted in (1, 0))
        if code:
            raise DockerException(["exec", *command], code, out.encode(), err.encode())
        return out.removesuffix("\n")

    def kill(self, signal: str | int | None = None) -> None:
        """Send a signal to PID 1."""
        self._ask("POST", f"/containers/{self.id}/kill", params={"signal": signal or "KILL"})

    def follow(self, patience: float) -> Generator[str]:
        """Return what the container prints, until it ends or is silent for `patience`."""
        path, params = f"/containers/{self.id}/logs", {"follow": True, **BOTH}
        with (
            suppress(httpx.ReadTimeout),
            self.api.stream("GET", path, params=params, timeout=patience) as response,
        ):
            yield from _printed(response)

    def ended(self, patience: float) -> int | None:
        """Wait for the exit, and return its code, or nothing if `patience` is over."""
        with suppress(httpx.ReadTimeout):
            response = self._ask("POST", f"/containers/{self.id}/wait", timeout=patience)
            return int(response.json()["StatusCode"])
        return None

    def end(self, grace: int | None) -> None:
        """Stop like `docker stop`, with its grace period or another one, in seconds."""
        self._ask(
            "POST", f"/containers/{self.id}/stop", params={} if grace is None else {"t": grace}
        )

    def discard(self) -> None:
        """Remove the container, running or not, with its anonymous volumes."""
        try:
            self._ask("DELETE", f"/containers/{self.id}", params={"force": True, "v": True})
        except DockerException as error:
            if error.return_code != GONE:
                raise

    def processes(self) -> list[list[str]]:
        """Return each process's PID, its parent's, its user ID and its command line."""
        params = {"ps_args": f"-eo {ROW}"}
        rows = self._ask("GET", f"/containers/{self.id}/top", params=params).json()["Processes"]
        return [[str(cell) for cell in row] for row in rows]

    def attempt(
        self, command: Sequence[str], env: Sequence[str], patience: float
    ) -> tuple[int, str]:
        """Run a command inside, and return its exit code, and what it printed anywhere."""
        code, frames = self._execute(command, env, patience)
        return code, "".join(text for _, text in frames)

    def _execute(
        self, command: Sequence[str], env: Sequence[str] = (), patience: float | None = None
    ) -> tuple[int, list[tuple[int, str]]]:
        """Run a command inside, and return its exit code, and what it printed on which stream."""
        asked = {"Cmd": [*command], "Env": [*env], "AttachStdout": True, "AttachStderr": True}
        made = self._ask("POST", f"/containers/{self.id}/exec", json=asked).json()["Id"]
        started = self._ask("POST", f"/exec/{made}/start", json={}, timeout=patience)
        code = self._ask("GET", f"/exec/{made}/json").json()["ExitCode"]
        return int(code), list(_frames(started))

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request to the engine; raises DockerException with the engine's reason."""
        response = self.api.request(method, path, **options)
        if response.is_error:
            reason = response.json()["message"].encode()
            raise DockerException([method, path], response.status_code, stderr=reason)
        return response


def _frames(response: httpx.Response) -> Iterator[tuple[int, str]]:
    """Return the parts of a stream, with the number of the output or of the errors."""
    rest = b""
    for chunk in response.iter_bytes():
        rest += chunk
        while len(rest) >= HEADER and len(rest) >= (end := HEADER + int.from_bytes(rest[4:HEADER])):
            yield rest[0], rest[HEADER:end].decode(errors="replace")
            rest = rest[end:]


def _printed(response: httpx.Response) -> Iterator[str]:
    """Return the parts of a container's log; if it has a terminal, there are no frames."""
    if response.headers["Content-Type"].endswith(".raw-stream"):
        return (chunk.decode(errors="replace") for chunk in response.iter_bytes())
    return (text for _, text in _frames(response))
