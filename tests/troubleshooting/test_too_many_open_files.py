"""The proofs of docs/troubleshooting/too-many-open-files.md."""

import socket
from contextlib import ExitStack

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
