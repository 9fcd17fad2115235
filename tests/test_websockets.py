"""The proofs of docs/websockets.md."""

import re
import time
from functools import partial

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from harness import SNIPPETS
from harness.container import PATIENCE
from harness.texts import edited
from scenarios import forged
from scenarios.asgi import (
    COMPLETE,
    IMAGE,
    LISTENING,
    ON_ASGI,
    ON_UVICORN_WORKER,
    PROBED,
    PROBES,
    UVICORN,
    threads,
)
from scenarios.chat import OURS, say, socket_to, url
from scenarios.proxied import TEXT

CONF = "websockets/upgrade.ws.conf"
LOCATION = (SNIPPETS / CONF).read_text()
OF_ITS_OWN = {"Upgrade $http_upgrade", "Connection upgrade"}
HEADER = re.compile(r"proxy_set_header ([^;]+);")
PACKAGES = ["websockets", "wsproto"]
SERVES = "Uvicorn running on"  # logged by Uvicorn without Gunicorn once it listens


@pytest.fixture
def start(build, run):
    """Return a function that runs a command in an image with all of the servers."""

    def start(*command, ready=LISTENING, user=None, expose=()):
        options = {"ready": ready, "env": PROBED, "user": user, "expose": expose}
        return run(build(IMAGE, changes=PROBES), *command, **options)

    return start


@pytest.fixture
def container(build, run_once):
    """Run the page's command on ASGI, once for all tests that only look at it."""
    return run_once(build(IMAGE, changes=PROBES), ready=LISTENING, env=PROBED)


@pytest.fixture
def site(proxied, build):
    """Return nginx and Gunicorn with the page's files."""
    proxied.start_web(image=build(IMAGE, changes=PROBES), env=PROBED, ready=LISTENING)
    proxied.start_nginx(locations=[CONF])
    return proxied


@pytest.fixture
def beside(site, run):
    """Return a function that starts another nginx for the site, with a different location."""

    def beside(location):
        return site.beside(run, others={"locations/ws.conf": location})

    return beside


def test_message_reaches_all(container):
    """Two clients are connected, and both receive a message from one of them."""
    with socket_to(container) as first, socket_to(container) as second:
        first.send("hello")

        assert [first.recv(PATIENCE), second.recv(PATIENCE)] == ["hello", "hello"]


def test_other_sites_are_refused(container):
    """A page on another site gets a 403, and so does a client without an Origin."""
    assert refused(container, origin="https://evil.example") == 403
    assert refused(container, origin=None) == 403


def test_waiting_sockets_take_no_threads(container):
    """With ten clients connected, there are as many threads as with one."""
    with socket_to(container) as first:
        say(first, "hello")
        before = threads(container)
        others = [connect(url(container), origin=OURS, legacy=True) for _ in range(10)]
        after = threads(container)

    for other in others:
        other.close()
    assert after < before + 5


@pytest.mark.parametrize("kept", [None, *PACKAGES])
def test_asgi_needs_no_package_for_websockets(start, kept):
    """Gunicorn's class needs neither package; Uvicorn needs either one of the two."""
    gone = " ".join(package for package in PACKAGES if package != kept)
    servers = f"{' '.join(UVICORN)} --port 8001 & exec {' '.join(ON_ASGI)}"
    command = ["sh", "-c", f"pip uninstall --quiet --yes {gone}; {servers}"]
    container = start(*command, user="root", expose=[8001])
    container.wait_for_log(SERVES)

    with socket_to(container) as socket:
        assert say(socket, "hello") == "hello"
    if kept:
        with socket_to(container, port=published(container, 8001)) as socket:
            assert say(socket, "hello") == "hello"
    else:
        assert refused(container, port=published(container, 8001)) == 404
        container.wait_for_log("No supported WebSocket library detected")


def test_django_alone_answers_a_websocket_with_500(build, run):
    """The sample project's own core.asgi has no WebSocket routes."""
    container = run(build(IMAGE), ready=LISTENING)

    assert refused(container) == 500
    assert "Django can only handle ASGI/HTTP connections, not websocket" in container.logs()


def test_in_memory_layer_ends_at_the_process(start):
    """A client of one worker does not receive messages from a client of the other."""
    container = start(*ON_ASGI, "--workers", "2")
    container.wait_for_log(LISTENING, count=2)
    deaf, deadline = None, time.monotonic() + PATIENCE
    with socket_to(container) as first:
        while deaf is None and time.monotonic() < deadline:
            with socket_to(container) as other:
                say(first, "hello")
                try:
                    other.recv(timeout=3)
                except TimeoutError:
                    deaf = other

    assert deaf
    assert "ERROR" not in container.logs()


def test_nginx_passes_websockets_on(site, beside):
    """With the page's file, a WebSocket reaches the app; without two lines, the app gets a GET."""
    plain = beside(re.sub(r"(?m)^ +proxy_set_header (Upgrade|Connection) .*\n", "", LOCATION))

    with socket_to(site.nginx) as socket:
        assert say(socket, "hello") == "hello"
    assert refused(plain) == 404
    assert site.get("/health/").text == "ok"


def test_location_keeps_the_headers_of_the_server(site):
    """The location sets the headers of docs/proxy.md; no forged header reaches Django."""
    ask = partial(site.get, "/ws/echo/")

    assert set(HEADER.findall(LOCATION)) == set(HEADER.findall(TEXT)) | OF_ITS_OWN
    assert forged.that_reach_django(lambda headers: ask(headers=headers)) == []


def test_silent_socket_ends_at_the_read_timeout(site, beside, build, run):
    """With a limit of 2 s, Gunicorn's class sends nothing, but Uvicorn pings every second."""
    pings = [*UVICORN, "--ws-ping-interval", "1"]
    names = {"networks": [site.network], "network_aliases": ["pings"]}
    app = run(build(IMAGE, changes=PROBES), *pings, ready=SERVES, env=PROBED, **names)
    site.containers.append(app)
    short = edited(LOCATION, {"5m": "2s"})
    of_uvicorn = beside(edited(short, {"http://django": "http://pings:8000"}))

    assert lives_for(5, of_uvicorn)
    assert not lives_for(5, beside(short))


def test_open_socket_holds_the_stop_of_asgi(start):
    """`asgi` cuts the socket after the graceful timeout; Uvicorn's worker closes it immediately."""
    limit = ["--graceful-timeout", "4"]
    asgi, uvicorn = start(*ON_ASGI, *limit), start(*ON_UVICORN_WORKER, *limit, ready=COMPLETE)

    seconds, code = stop_with_an_open_socket(asgi)
    seconds_of_uvicorn, code_of_uvicorn = stop_with_an_open_socket(uvicorn)

    assert seconds >= 3
    assert seconds_of_uvicorn < seconds
    assert (code, code_of_uvicorn) == (1006, 1012)


def refused(container, port=None, origin=OURS):
    """Return the status with which a connection is rejected."""
    with pytest.raises(InvalidStatus) as error, socket_to(container, port, origin):
        pass
    return error.value.response.status_code


def published(container, port):
    """Return the port on this machine for one of the container's ports."""
    return container.handle.network_settings.ports[f"{port}/tcp"][0]["HostPort"]


def lives_for(seconds, proxy):
    """Whether a connection without messages still exists after this many seconds."""
    with socket_to(proxy) as socket:
        try:
            socket.recv(timeout=seconds)
        except TimeoutError:
            return say(socket, "hello") == "hello"
        except ConnectionClosed:
            return False


def stop_with_an_open_socket(container):
    """Return how many seconds a stop takes, and the code that closes the connection."""
    with socket_to(container) as socket:
        say(socket, "hello")
        stopped = container.stop(grace=PATIENCE)
        with pytest.raises(ConnectionClosed):
            socket.recv(PATIENCE)
        assert stopped.exit_code == 0
        return stopped.seconds, socket.close_code
