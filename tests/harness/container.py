"""One running container, and what tests do with it."""

import os
import re
import ssl
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import python_on_whales
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from harness.engine import api

# Seconds until a test gives up waiting: far more than any busy machine needs without emulation.
PATIENCE = round(180 * float(os.environ.get("PROOFS_PATIENCE", "1")))
ESTABLISHED, LISTEN = "01", "0A"  # states in /proc/net/tcp
COUNT = re.compile(r"(?:\bWEB_CONCURRENCY=|--workers[ =]|-w ?)(\d+)\b")
TLS = ssl.create_default_context()  # once, because httpx would spend 20 ms on it in every request


def wait_until(found: Callable[[], object]) -> object:
    """Poll until the result is true, and return it; after PATIENCE, return the last result.

    Polling often starts a process, so the pauses grow to a tenth of the time waited so far.
    """
    start = time.monotonic()
    while not (result := found()) and (waited := time.monotonic() - start) < PATIENCE:
        time.sleep(max(0.1, waited / 10))
    return result


class Stopped(NamedTuple):
    """How a container ended."""

    seconds: float
    exit_code: int


class Container:
    """One test's container. Requests go over HTTP to its first published port, on 127.0.0.1."""

    def __init__(self, docker: DockerClient, handle: python_on_whales.Container) -> None:
        """Take over a started container, and the ports that lead to it.

        One look at it gives the ports and the number of workers that Gunicorn is asked for, unless
        a configuration file may set that number.
        """
        self.docker, self.handle, self.removed = docker, api.handle(docker, handle.id), False
        self.worker_classes: set[str] = set()  # as far as Gunicorn's log was read
        ports = self.handle.network_settings.ports or {}
        self.ports = [p[0]["HostPort"] for p in ports.values() if p]
        config = self.handle.config
        texts = [*(config.env or []), *(config.entrypoint or []), *(config.cmd or [])]
        asked = " ".join(texts + [str(mount.destination) for mount in self.handle.mounts or []])
        self.workers = "" if "conf.py" in asked else ["1", *COUNT.findall(asked)][-1]

    @cached_property
    def background(self) -> ThreadPoolExecutor:
        """The threads that send requests in the background; they end with the container."""
        return ThreadPoolExecutor(64)

    @property
    def address(self) -> str:
        """Return the base URL at which this machine reaches the container."""
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def ip_address(self) -> str:
        """Its address on its first network, for other containers but no other machine."""
        [network, *_] = (self.handle.network_settings.networks or {}).values()
        return network.ip_address or ""

    def get(self, path: str = "/", **options: Any) -> httpx.Response:
        """Request a path on a separate connection; raises httpx.TransportError."""
        return httpx.get(self.address + path, **{"timeout": PATIENCE, "verify": TLS, **options})

    def start_get(self, path: str = "/", **options: Any) -> Future[httpx.Response]:
        """Request a path in the background."""
        return self.background.submit(self.get, path, **options)

    def start_sleep(self, seconds: float) -> Future[httpx.Response]:
        """Send a request of this duration, and return once a worker has read it."""
        self.wait_for_log("Booting worker")
        self.get("/health/")
        return self.begin(lambda: self.start_get(f"/sleep/{seconds}/"))

    def begin(self, send: Callable[[], Future[Any]]) -> Future[Any]:
        """Send a slow request to this container, directly or through a proxy.

        Return its pending response once a worker has read the request. A proxy must not send it
        on a persistent connection, because then nothing would change.
        """
        before = self.clients_read()
        response = send()
        wait_until(lambda: response.done() or self.clients_read() - before)
        assert not response.done(), f"the response came immediately:\n{self.logs()}"
        assert self.clients_read() - before, f"no worker reads the request:\n{self.logs()}"
        return response

    def clients_read(self) -> set[str]:
        """Return the addresses of clients whose connections were accepted and whose data was read.

        The kernel lists a connection that no process has accepted without an inode, and counts the
        bytes that no process has read. Clients inside the container, such as a health check, are
        ignored.
        """
        rows = [row.split() for row in self.sockets().splitlines() if ": " in row]
        listening = {row[1].partition(":")[2] for row in rows if row[3] == LISTEN}
        return {
            row[2]
            for row in rows
            if row[3] == ESTABLISHED
            and row[1].partition(":")[2] in listening
            and row[4].endswith(":00000000")
            and row[9] != "0"
            and row[1].partition(":")[0] != row[2].partition(":")[0]
        }

    def sockets(self) -> str:
        """Return the kernel's tables of TCP connections in the container's network.

        Podman refuses to run commands in a container that is stopping, and a stopped container
        has no table.
        """
        with suppress(DockerException):
            return self.exec("sh", "-c", "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null || true")
        with suppress(OSError):  # Podman's containers are processes of this machine
            tables = Path(f"/proc/{self.handle.state.pid}/net")
            return (tables / "tcp").read_text() + (tables / "tcp6").read_text()
        return ""

    def logs(self) -> str:
        """Return everything that the container has printed."""
        return str(self.handle.logs())

    def wait_for_log(self, text: str, count: int = 1) -> str:
        """Wait until `text` is in the log `count` times, and return the log up to that point.

        Raises AssertionError with the log if the container exits first, or after PATIENCE.
        """
        log, start = "", time.monotonic()
        with closing(self.handle.follow(PATIENCE)) as lines:
            for line in lines:
                log += line
                if log.count(text) >= count or time.monotonic() - start > PATIENCE:
                    break
        assert log.count(text) >= count, f"{text!r} is not {count} times in the log:\n{log}"
        self.worker_classes |= set(re.findall(r"Using worker: (\S+)", log))
        return log

    @property
    def running(self) -> bool:
        """Whether its PID 1 is alive."""
        return bool(self.handle.state.running)

    @property
    def exit_code(self) -> int:
        """Wait for the exit, and return the exit code; raises AssertionError after PATIENCE."""
        code = self.handle.ended(PATIENCE)
        assert code is not None, f"the container does not end:\n{self.logs()}"
        return code

    def stop(self, grace: int | None = None) -> Stopped:
        """Stop like `docker stop`, with its grace period of ten seconds or another one."""
        start = time.monotonic()
        self.handle.end(grace)
        return Stopped(time.monotonic() - start, self.exit_code)

    def kill(self, signal: str) -> None:
        """Send a signal to PID 1."""
        self.handle.kill(signal)

    def remove(self) -> None:
        """Remove the container, running or not, unless it has been removed already."""
        if self.removed:
            return
        self.handle.discard()
        self.removed = True
        if "background" in self.__dict__:
            self.background.shutdown(wait=False, cancel_futures=True)

    def exec(self, *command: str) -> str:
        """Run a command inside, and return its output."""
        return self.handle.output(command)

    def pss(self) -> int:
        """Return the kB that all of its processes use: the sum of their proportional set sizes."""
        rollups = self.exec("sh", "-c", "cat /proc/[0-9]*/smaps_rollup")
        return sum(map(int, re.findall(r"(?m)^Pss: +(\d+) kB", rollups)))

    def top(self) -> list[str]:
        """Return the command line of each of its processes, PID 1 first."""
        rows = self.handle.processes()
        pids = {pid for pid, *_ in rows}
        rows.sort(key=lambda row: (row[1] in pids, int(row[0])))  # PIDs wrap around at a limit
        return [args for *_, args in rows]

    def users(self) -> set[str]:
        """Return its processes' user IDs."""
        return {uid for _, _, uid, _ in self.handle.processes()}

    def pids(self) -> set[int]:
        """Return its processes' IDs, as the engine's machine counts them."""
        return {int(pid) for pid, *_ in self.handle.processes()}
