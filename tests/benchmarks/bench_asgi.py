"""The measurements of docs/asgi.md: six servers with the same Django project."""

import re
import time
from contextlib import suppress

import httpx
from websockets.exceptions import ConnectionClosed

from harness.container import PATIENCE, wait_until
from scenarios.asgi import (
    BIND,
    IMAGE,
    KILL_A_WORKER,
    ON_ASGI,
    ON_UVICORN_WORKER,
    PROBED,
    PROBES,
    UVICORN,
    begun,
    seconds_of_lines,
)
from scenarios.chat import say, socket_to

HOST = UVICORN[-2:]
TWO = ["--workers", "2"]
APPLICATION = "core.asgi:application"
GRANIAN = ["granian", "--interface", "asgi", *HOST, *TWO, APPLICATION]
SERVERS = {
    "Gunicorn, `asgi`": [*ON_ASGI, *TWO],
    "Gunicorn, Uvicorn's worker {uvicorn-worker}": [*ON_UVICORN_WORKER, *TWO],
    "Uvicorn {uvicorn}": [*UVICORN, *TWO],
    "Granian {granian}": GRANIAN,
    "Granian {granian}, `--respawn-failed-workers`": [*GRANIAN, "--respawn-failed-workers"],
    "Hypercorn {hypercorn}": ["hypercorn", *BIND, *TWO, APPLICATION],
    "Daphne {daphne}, one process": ["daphne", "-b", HOST[1], APPLICATION],
}
GRACE = 15


def bench_asgi(build, run, measured):
    """Check each server's features, kill one of its workers, and stop it during a request."""
    image = build(IMAGE, changes=PROBES)

    def start(command):
        container = run(image, *command, env=PROBED, ready="")
        assert wait_until(lambda: answers(container)), container.logs()
        return container

    pins = dict(re.findall(r"(?m)^([\w-]+)==(\S+)", PROBES["requirements.txt"]))
    serving, stopping = [], []
    for name, command in SERVERS.items():
        server = name.format_map(pins)
        container = start(command)
        serving.append([server, *what_it_serves(container)])
        replaces = "no workers" if "daphne" in command else replaces_a_worker(container)
        container.remove()
        stopping.append([server, *how_it_stops(start, command), replaces])
    columns = ["s for 20 async views", "s for 20 sync views", "streams", "WebSockets", "MiB"]
    measured("serving", ["server", *columns], serving)
    columns = ["finishes the request", "exit code", "open WebSocket"]
    measured("stopping", ["server", *columns, "replaces a dead worker"], stopping)


def answers(container):
    """Whether the views respond."""
    with suppress(httpx.TransportError):
        return container.get("/health/").status_code == 200
    return False


def what_it_serves(container):
    """Return the cells of the first table."""
    waits = [
        seconds_of_twenty(path, container) for path in ("/async/sleep/?seconds=1", "/sleep/1/")
    ]
    first, last = seconds_of_lines("/async/stream/?lines=3&seconds=1", container)
    with socket_to(container) as socket:
        heard = say(socket, "hello") == "hello"
    return *waits, last - first > 1.5, heard, round(container.pss() / 1024)


def seconds_of_twenty(path, container):
    """Return how long twenty concurrent requests take."""
    start = time.monotonic()
    for answer in [container.start_get(path) for _ in range(20)]:
        assert answer.result().text == "slept"
    return round(time.monotonic() - start, 1)


def replaces_a_worker(container):
    """Whether the server has two workers again after one was killed."""
    before = len(container.top())
    container.exec("python", "-c", KILL_A_WORKER)
    time.sleep(8)
    return container.running and len(container.top()) == before and answers(container)


def how_it_stops(start, command):
    """Return the cells of the second table, except for the last one."""
    container = start(command)
    (answer,) = begun(container, "/async/sleep/?seconds=3")
    code = container.stop(grace=GRACE).exit_code
    finished = not answer.exception() and answer.result().text == "slept"
    container.remove()
    container = start(command)
    with socket_to(container) as socket:
        say(socket, "hello")
        stopped = container.stop(grace=GRACE)
        with suppress(ConnectionClosed):
            socket.recv(PATIENCE)
    container.remove()
    if stopped.exit_code == 137:
        return finished, code, f"waits over {GRACE} s"
    closed = "cuts it" if socket.close_code == 1006 else f"closes it with {socket.close_code}"
    return finished, code, closed
