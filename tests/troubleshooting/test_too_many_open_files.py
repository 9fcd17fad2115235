"""The proofs of docs/troubleshooting/too-many-open-files.md."""

import socket
from contextlib import ExitStack

from harness.container import ESTABLISHED, wait_until

ENTRY = "troubleshooting/too-many-open-files"
SERVE = ["gunicorn", "wsgiref.simple_server:demo_app", "--bind", "0.0.0.0:8000"]


def test_worker_without_descriptors_exits(plain_image, run, replay):
    """Forty clients connect and stay, but the limit is 30 descriptors."""
    container = run(plain_image, *SERVE, "--threads", "2", ulimit=["nofile=30:30"])
    container.wait_for_log("Booting worker")
    with ExitStack() as clients:
        for _ in range(40):
            address = ("127.0.0.1", int(container.ports[0]))
            clients.enter_context(socket.create_connection(address))
        container.wait_for_log("Errno 24")
        container.wait_for_log("Booting worker", count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_limit_of_connections_spares_descriptors(plain_image, run):
    """The same clients and limit, with ten connections at most: the worker serves afterwards."""
    flags = ["--threads", "2", "--worker-connections", "10"]
    container = run(plain_image, *SERVE, *flags, ulimit=["nofile=30:30"])
    container.wait_for_log("Booting worker")
    with ExitStack() as clients:
        for _ in range(40):
            address = ("127.0.0.1", int(container.ports[0]))
            clients.enter_context(socket.create_connection(address))
        assert wait_until(lambda: accepted(container) >= 10)
        assert accepted(container) < 20

    assert container.get().status_code == 200
    assert "Errno 24" not in container.logs()
    assert container.logs().count("Booting worker") == 1


def accepted(container):
    """Return how many connections the worker has accepted: the others have no inode."""
    rows = [row.split() for row in container.sockets().splitlines() if ": " in row]
    return sum(row[1].endswith(":1F40") and row[3] == ESTABLISHED and row[9] != "0" for row in rows)
