"""Load from a container that shares the network of the measured one, but not its CPU."""

import json
import socket
import subprocess
import time
from contextlib import ExitStack
from typing import NamedTuple

from harness import PROBES

LOAD_AT = (PROBES / "load_at.py").read_text()
USAGE = "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || cat /sys/fs/cgroup/cpu.stat"
PATIENCE = 10  # seconds until a request counts as lost


HALF = b"GET /health/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"


class Result(NamedTuple):
    """What became of the requests of one load."""

    ok: int
    cut: int
    sent: int
    seconds: float
    p50: float
    p99: float

    @property
    def lost(self):
        """How many requests got no response, or another one than 200."""
        return self.sent - self.ok


class Generator:
    """Sends requests to a container from CPU 1, with the program load_at.py."""

    def __init__(self, run, image, container, port=8000) -> None:
        """Start next to the measured container, which listens on this port."""
        self.container, self.port = container, port
        network = [f"container:{container.handle.id}"]
        options = {"networks": network, "publish_all": False, "cpuset_cpus": [1], "ready": ""}
        self.own = run(image, "infinity", entrypoint="sleep", **options)

    def end(self):
        """Remove both containers, with the requests that still wait in them."""
        self.own.remove()
        self.container.remove()

    def closed(self, path, seconds, clients):
        """Send requests from this many clients, each as soon as its last one is over."""
        return self._result(self._start(path, seconds, None, clients))

    def open(self, path, seconds, rate):
        """Send this many requests per second, however late the responses are."""
        return self._result(self._start(path, seconds, rate, None))

    def stopped(self, path, rate, grace, seconds=4):
        """Stop the container in the middle of a load; return the result and the stop's seconds."""
        sending = self._start(path, seconds, rate, None)
        time.sleep(seconds / 2)
        stop = self.container.stop(grace=grace)
        return self._result(sending), stop.seconds

    def next_to_slow_clients(self, path, seconds, rate, count):
        """Send requests while this many clients have sent half a request each, and wait."""
        with ExitStack() as slow:
            for _ in range(count):
                address = ("127.0.0.1", self.container.ports[0])
                slow.enter_context(socket.create_connection(address)).sendall(HALF)
            return self.open(path, seconds, rate)

    def _start(self, path, seconds, rate, clients):
        values = (path, seconds, rate, clients, PATIENCE, self.port)
        arguments = [json.dumps(value) for value in values]
        docker = [*map(str, self.own.docker.client_config.docker_cmd), "exec", self.own.handle.id]
        command = [*docker, "python", "-c", LOAD_AT, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def _result(self, sending):
        with sending:
            found = json.loads(sending.stdout.read())
        results = found["results"]
        sent = sum(results.values())
        percentiles = (found["p50"] or 0, found["p99"] or 0)
        return Result(
            results.get("200", 0), results.get("cut", 0), sent, found["seconds"], *percentiles
        )


def cpu_seconds(container):
    """Return the CPU time that all processes of a container have used, from its cgroup."""
    text = container.exec("sh", "-c", USAGE)
    if text.startswith("usage_usec"):
        return int(text.split()[1]) / 1e6
    return int(text) / 1e9
