"""The servers of docs/servers.md: how to start each of them, and what it does in a container."""

import re
import shlex
import socket
from concurrent.futures import wait
from contextlib import ExitStack, suppress

import httpx
import pytest
import yaml
from python_on_whales.exceptions import DockerException

from guide.evidence import STAND_IN
from harness import PROBES, SNIPPETS
from harness.container import PATIENCE, wait_until
from harness.engine import base_images
from scenarios.asgi import KILL_A_WORKER

FILE, DOCKERFILE = "servers/all.compose.yaml", "servers/all.Dockerfile"
PINS, APACHE = "servers/all.servers.txt", "servers/apache.Dockerfile.mod_wsgi"
BASE = "python:3.14-slim"
# The official image has this library, which mod_wsgi loads; the stand-in's Python has it built in.
LIBRARY = r"""
RUN apt-get update \
 && cd "$(mktemp -d)" \
 && name=libpython${PYTHON_VERSION%.*} \
 && apt-get download $name \
 && dpkg-deb --extract *.deb . \
 && mv usr/lib/*-linux-gnu/$name.so.1.0 /usr/local/lib \
 && LC_ALL=C sed -i 's/dist-packages/site-packages/' /usr/local/lib/$name.so.1.0 \
 && ln -s $name.so.1.0 /usr/local/lib/$name.so \
 && ldconfig \
 && rm -r "$PWD" /var/lib/apt/lists/*
"""
SERVICES = yaml.safe_load((SNIPPETS / FILE).read_text())["services"]
COMMANDS = {name: shlex.split(service["command"]) for name, service in SERVICES.items()}
LABELS = {
    "sync": "Gunicorn, `sync`",
    "gthread": "Gunicorn, `gthread`",
    "gevent": "Gunicorn, `gevent`",
    "asgi": "Gunicorn, `asgi`",
    "uvicorn": "Uvicorn {uvicorn[standard]}",
    "granian-wsgi": "Granian {granian}, WSGI",
    "granian-asgi": "Granian {granian}, ASGI",
    "uwsgi": "uWSGI {pyuwsgi}",
    "mod-wsgi": "mod_wsgi {mod_wsgi}",
    "hypercorn": "Hypercorn {hypercorn}",
    "daphne": "Daphne {daphne}",
    "waitress": "Waitress {waitress}",
}
PINNED = "".join((SNIPPETS / name).read_text() for name in (PINS, APACHE))
VERSIONS = re.findall(r"(\S+)==(\S+)", PINNED)
NAMES = {
    name: re.sub(r"\{(.*)\}", lambda found: dict(VERSIONS)[found[1]], label)
    for name, label in LABELS.items()
}
SMALL = {"core/wsgi.py": (PROBES / "small_app.py").read_text()}  # ASGI servers run Django
SLOW_CLIENTS, OTHERS = 40, 10
ATTEMPTS = 8
HALF = b"GET /health/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED, LAST_CHUNK = "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"


def raw(headers, body="", line="GET /health/ HTTP/1.1"):
    """Return a raw request, with each byte as a character."""
    return f"{line}\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n{body}"


MALFORMED = {
    "both `Content-Length` and `Transfer-Encoding`": raw(
        f"Content-Length: 5\r\n{CHUNKED}", LAST_CHUNK
    ),
    "two different `Content-Length` headers": raw(
        "Content-Length: 0\r\nContent-Length: 5\r\n", "12345"
    ),
    "a sign in `Content-Length`": raw("Content-Length: +5\r\n", "12345"),
    "an encoding after `chunked`": raw("Transfer-Encoding: chunked, identity\r\n", LAST_CHUNK),
    "a space before the colon": raw("Content-Length : 0\r\n"),
    "NUL in a header": raw("X-Real-Ip: \0\r\n"),
    "`chunked` in HTTP/1.0": raw(CHUNKED, LAST_CHUNK, "GET /health/ HTTP/1.0"),
}
COLUMNS = [
    "server",
    f"rejects, of {len(MALFORMED)} malformed requests",
    f"serves other clients next to {SLOW_CLIENTS} slow ones",
    "replaces a killed worker",
    "finishes a request at `docker stop`",
    "exit code",
]


@pytest.fixture(scope="session")
def image_of(build, builder, official):
    """Return a function that builds the image of a server: mod_wsgi has its own, with Apache.

    `changes` are as for `build`. The stand-in of the base image gets the library that it lacks.
    """

    def image_of(name, changes=None):
        if SERVICES[name]["image"] == SERVICES["sync"]["image"]:
            return build(DOCKERFILE, files=[PINS], changes=changes)
        stands_in = base_images.described(builder.docker, official(BASE))[0] == STAND_IN
        library = {f"FROM {BASE}\n": f"FROM {BASE}{LIBRARY}"} if stands_in else {}
        return build(APACHE, changes=changes, edits=library)

    return image_of


def look(run, image, name):
    """Run a server, and return its row: what it does with bad requests, clients and signals."""
    container = started(run, image, name)
    row = [NAMES[name], rejected(container), serves_next_to_slow_clients(container)]
    row.append(what_replaces_a_worker(container))
    alive = container if container.running else None
    return [*row, *finishes(lambda: started(run, image, name), alive)]


def started(run, image, name, **options: object):
    """Start a service, and return its container once it responds."""
    own = {key: value for key, value in SERVICES[name].items() if key == "stop_signal"}
    container = run(image, *COMMANDS[name], ready="", **own | options)
    assert wait_until(lambda: is_up(container) or not container.running)
    assert container.running, container.logs()
    return container


def is_up(container):
    """Whether the application responds."""
    with suppress(httpx.TransportError):
        return container.get("/health/").status_code == 200


def rejected(container):
    """Return how many malformed requests do not reach the application, unlike a correct one."""
    assert is_accepted(container, raw("Content-Length: 5\r\n", "12345"))
    return sum(not is_accepted(container, request) for request in MALFORMED.values())


def is_accepted(container, request):
    """Whether the application responds to a raw request.

    The client does not close its side, because many servers then drop the response.
    """
    answer, address = b"", ("127.0.0.1", container.ports[0])
    with socket.create_connection(address, PATIENCE) as client, suppress(ConnectionError):
        client.sendall(request.encode("latin-1"))
        while some := client.recv(65536):
            answer += some
    return answer[9:12] == b"200"


def serves_next_to_slow_clients(container, seconds=10):
    """Whether others get a response in time while slow clients have sent half a request each.

    Apache drops such clients 15 seconds after they connect.
    """
    with ExitStack() as slow:
        for _ in range(SLOW_CLIENTS):
            client = socket.create_connection(("127.0.0.1", container.ports[0]))
            slow.enter_context(client).sendall(HALF)
        answers = [container.start_get("/health/") for _ in range(OTHERS)]
        late = wait(answers, seconds).not_done
    wait(answers)
    return not late


def what_replaces_a_worker(container):
    """Return whether there are as many processes as before once a worker has been killed."""
    before = container.pids()
    if len(before) == 1:
        return "one process"
    container.exec("python", "-c", KILL_A_WORKER)

    def settled():
        if not container.running:
            return "no, exits"
        with suppress(DockerException):  # it can exit between the two calls
            now = container.pids()
            return "yes" if len(now) == len(before) and now != before and is_up(container) else ""

    return wait_until(settled) or "no"


def finishes(start, container=None):
    """Send the stop signal during a request; return whether it is finished, and the exit code.

    On a busy machine, the request can be over before the signal arrives: then start again.
    """
    for _ in range(ATTEMPTS):
        container = container or start()
        before = container.clients_read()
        answer = container.start_get("/sleep/4/")
        wait_until(lambda: answer.done() or container.clients_read() - before)  # noqa: B023
        container.kill(container.handle.config.stop_signal or "SIGTERM")
        if answer.done() and not answer.exception():
            container.remove()
            container = None
            continue
        code = container.exit_code
        return not answer.exception() and answer.result().text == "slept", code
    message = "each request was over before the signal arrived"
    raise AssertionError(message)
