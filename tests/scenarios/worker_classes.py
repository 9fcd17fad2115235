"""Gunicorn's worker classes: the commands that start them, and how requests share one worker."""

import socket
import time
from select import select

from harness import PROJECT
from harness.container import wait_until
from harness.texts import edited

GTHREAD = "worker-class/gthread.Dockerfile"
SYNC = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
ALONE = [*SYNC, "--worker-class", "gthread"]
ASGI = ["gunicorn", "core.asgi", *SYNC[2:], "--worker-class", "asgi"]
GEVENT_CLASS = [*SYNC, "--worker-class", "gevent"]
GEVENT = "gevent==26.9.0\ngreenlet==3.5.6\nzope.event==6.2\nzope.interface==8.7\n"


def with_gevent(gunicorn):
    """Return a change to requirements.txt that adds gevent, with this name for Gunicorn."""
    pins = (PROJECT / "requirements.txt").read_text()
    return {"requirements.txt": GEVENT + edited(pins, {"gunicorn==": f"{gunicorn}=="})}


def seconds_for(count, path, container):
    """Return how long this many concurrent requests for a slow view take."""
    container.get("/health/")
    start = time.monotonic()
    responses = [container.start_get(path) for _ in range(count)]
    assert {response.result().text for response in responses} == {"slept"}
    return time.monotonic() - start


def is_answered_before(path, container):
    """Whether a client gets its response before an earlier request for this path does.

    A worker has read the earlier request by then. Responses within three seconds of each other
    count as in order, because the engine's proxy may forward the second one first.
    """
    container.get("/health/")
    before = container.clients_read()
    with socket.create_connection(("127.0.0.1", container.ports[0])) as first:
        first.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert wait_until(lambda: container.clients_read() - before)
        container.get("/health/")
        return not select([first], [], [], 3)[0]
