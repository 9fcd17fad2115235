"""The proofs of docs/websockets.md."""

import re
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from harness import SNIPPETS
from harness.container import PATIENCE
from harness.texts import edited
from scenarios.asgi import (
    COMPLETE,
    IMAGE,
    LISTENING,
    ON_ASGI,
    ON_UVICORN_WORKER,
    PROBED,
    PROBES,
    UVICORN,
)
from test_asgi import threads

CONF = "websockets/upgrade.default.conf"
NGINX = ("static-files/nginx.Dockerfile.static", "static-files/nginx.default.conf")
STARTED = "start worker process"
OURS = "http://127.0.0.1"
WITHOUT_PACKAGES = "pip uninstall --quiet --yes websockets wsproto"
SERVES = "Uvicorn running on"  # told by a lone Uvicorn once it listens


@pytest.fixture
def start(build, run):
    """Return a function that runs a command in an image that has all servers."""

    def start(*command, ready=LISTENING, user=None, expose=()):
        options = {"ready": ready, "env": PROBED, "user": user, "expose": expose}
        return run(build(IMAGE, changes=PROBES), *command, **options)

    return start


@pytest.fixture
def container(build, run_once):
    """Run the command of the page on ASGI, once for all that look at it."""
    return run_once(build(IMAGE, changes=PROBES), ready=LISTENING, env=PROBED)


@pytest.fixture
def nginx(build, run, tmp_path):
    """Return a function that runs nginx, to whose network the name web belongs."""

    def nginx(conf):
        (tmp_path / "default.conf").write_text(conf)
        volumes = [(tmp_path / "default.conf", "/etc/nginx/conf.d/default.conf", "ro")]
        options = {"volumes": volumes, "add_hosts": [("web", "127.0.0.1")], "expose": [8081]}
        return run(build(NGINX[0], files=NGINX[1:]), ready=STARTED, **options)

    return nginx


def test_message_reaches_all(container):
    """Two clients are connected, and both hear what one says."""
    with socket_to(container) as first, socket_to(container) as second:
        first.send("hello")

        assert [first.recv(PATIENCE), second.recv(PATIENCE)] == ["hello", "hello"]


def test_other_sites_are_refused(container):
    """A page of another site gets a 403, and so does a client that names none."""
    assert refused(container, origin="https://evil.example") == 403
    assert refused(container, origin=None) == 403


def test_waiting_sockets_take_no_threads(container):
    """Ten clients are connected, and there are as many threads as with one."""
    with socket_to(container) as first:
        say(first, "hello")
        before = threads(container)
        others = [connect(url(container), origin=OURS, legacy=True) for _ in range(10)]
        after = threads(container)

    for other in others:
        other.close()
    assert after < before + 5


def test_asgi_needs_no_package_for_websockets(start):
    """Both packages are removed: Gunicorn's class goes on, and Uvicorn leads it to the views."""
    servers = f"{' '.join(UVICORN)} --port 8001 & exec {' '.join(ON_ASGI)}"
    command = ["sh", "-c", f"{WITHOUT_PACKAGES}; {servers}"]
    container = start(*command, user="root", expose=[8001])
    container.wait_for_log(SERVES)

    with socket_to(container) as socket:
        assert say(socket, "hello") == "hello"
    assert refused(container, port=published(container, 8001)) == 404
    assert "No supported WebSocket library detected" in container.logs()


def test_django_alone_answers_a_websocket_with_500(build, run):
    """The sample project's own core.asgi, without routes."""
    container = run(build(IMAGE), ready=LISTENING)

    assert refused(container) == 500
    assert "Django can only handle ASGI/HTTP connections, not websocket" in container.logs()


def test_in_memory_layer_ends_at_the_process(start):
    """Of two workers, a client of the one does not hear what a client of the other says."""
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


def test_nginx_passes_websockets_on(nginx, build, run):
    """The page's file leads one to the app; without its two lines, the app gets a plain GET."""
    conf = (SNIPPETS / CONF).read_text()
    plain = re.sub(r"(?m)^ +proxy_set_header (Upgrade|Connection) .*\n", "", conf)
    proxy = nginx(conf + edited(plain, {"8080": "8081"}))
    beside(proxy, build, run)

    with socket_to(proxy, port=published(proxy, 8080)) as socket:
        assert say(socket, "hello") == "hello"
    assert refused(proxy, port=published(proxy, 8081)) == 404
    assert get(proxy, "/health/", published(proxy, 8080)) == "ok"
    proxy.exec("nginx", "-t")


def test_silent_socket_ends_at_the_read_timeout(nginx, build, run):
    """The limit is two seconds: Gunicorn's class is silent, and Uvicorn pings once a second."""
    conf = edited((SNIPPETS / CONF).read_text(), {"5m": "2s"})
    other = edited(edited(conf, {"8080": "8081"}), {"web:8000": "web:8001"}, times=2)
    proxy = nginx(conf + other)
    beside(proxy, build, run)
    pings = [*UVICORN, "--port", "8001", "--ws-ping-interval", "1"]
    beside(proxy, build, run, *pings, ready=SERVES)

    assert lives_for(5, proxy, published(proxy, 8081))
    assert not lives_for(5, proxy, published(proxy, 8080))


def test_open_socket_holds_the_stop_of_asgi(start):
    """It is cut after the graceful timeout; Uvicorn's worker closes it at once, with 1012."""
    limit = ["--graceful-timeout", "4"]
    asgi, uvicorn = start(*ON_ASGI, *limit), start(*ON_UVICORN_WORKER, *limit, ready=COMPLETE)

    seconds, code = stop_with_an_open_socket(asgi)
    seconds_of_uvicorn, code_of_uvicorn = stop_with_an_open_socket(uvicorn)

    assert seconds >= 3
    assert seconds_of_uvicorn < seconds
    assert (code, code_of_uvicorn) == (1006, 1012)


def url(container, port=None):
    """Return where the chat is, on the container's first port or on another one."""
    return f"ws://127.0.0.1:{port or container.ports[0]}/ws/"


def socket_to(container, port=None, origin=OURS):
    """Return a connection to the chat, for a `with` block."""
    return connect(url(container, port), origin=origin)


def say(socket, text):
    """Send a text, and return what this client then hears."""
    socket.send(text)
    return socket.recv(PATIENCE)


def refused(container, port=None, origin=OURS):
    """Return the status with which a connection is refused."""
    with pytest.raises(InvalidStatus) as error, socket_to(container, port, origin):
        pass
    return error.value.response.status_code


def published(container, port):
    """Return the port of this machine that leads to one of the container's."""
    return container.handle.network_settings.ports[f"{port}/tcp"][0]["HostPort"]


def get(container, path, port):
    """Ask one of the container's ports, and return the text."""
    container.ports = [port]
    return container.get(path).text


def beside(proxy, build, run, *command, ready=LISTENING):
    """Run the app in the network of the proxy, which knows it as web."""
    options = {"networks": [f"container:{proxy.handle.id}"], "publish_all": False}
    run(build(IMAGE, changes=PROBES), *command, ready=ready, env=PROBED, **options)


def lives_for(seconds, proxy, port):
    """Whether a connection on which nobody says anything is there after so many seconds."""
    with socket_to(proxy, port=port) as socket:
        try:
            socket.recv(timeout=seconds)
        except TimeoutError:
            return say(socket, "hello") == "hello"
        except ConnectionClosed:
            return False


def stop_with_an_open_socket(container):
    """Return how many seconds a stop takes, and the code with which the connection ends."""
    with socket_to(container) as socket:
        say(socket, "hello")
        stopped = container.stop(grace=PATIENCE)
        with pytest.raises(ConnectionClosed):
            socket.recv(PATIENCE)
        assert stopped.exit_code == 0
        return stopped.seconds, socket.close_code
