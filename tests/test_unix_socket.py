"""The proofs of docs/unix-socket.md."""

import re

import httpx
import pytest

from harness import SNIPPETS
from harness.container import wait_until
from scenarios.proxied import STATIC, TEXT
from scenarios.unix_socket import SOCKET

COMPOSE = "unix-socket/socket.compose.yaml"
UPSTREAM = (SNIPPETS / "unix-socket/socket.upstream.conf").read_text()
CONF = re.sub(r"(?s)upstream .+?\n}\n", UPSTREAM, TEXT)
SERVE = ["gunicorn", "core.wsgi", "--no-control-socket", "--access-logfile", "-", "--bind"]
IN_STATIC_IMAGE = "static-files/nginx.default.conf"


@pytest.fixture
def socket_stack(app_image, build, stack):
    """Return a function that starts the page's Compose file with changes to `web`."""

    def socket_stack(groups: tuple[str, ...] = (), **web: object):
        image = build(STATIC, files=[IN_STATIC_IMAGE], changes={"default.conf": CONF})
        nginx = {"image": image, "group_add": list(groups)}
        web = {"image": app_image, "ports": ["8000"], **web}
        socket_stack.stack = started = stack(COMPOSE, {"nginx": nginx, "web": web})
        started.run("up", "--no-build", "--quiet-pull", "--detach")
        return started.service("nginx"), started.service("web")

    return socket_stack


def test_nginx_asks_through_the_socket(socket_stack):
    """A page comes through the socket, and nothing listens on a port."""
    nginx, web = socket_stack()
    web.wait_for_log(f"Listening at: unix:{SOCKET}")

    assert wait_until(lambda: nginx.get().status_code == 200)
    with pytest.raises(httpx.TransportError):
        web.get("/health/")


@pytest.mark.docker_only("a new volume that belongs to root")
def test_plain_volume_shuts_gunicorn_out(app_image, run):
    """A volume without an owner belongs to root, so Gunicorn cannot create the socket."""
    command = [*SERVE, f"unix:{SOCKET}"]
    web = run(app_image, *command, volumes=[("/run/gunicorn",)], ready="Permission denied")

    assert web.exit_code == 1


def test_umask_shuts_nginx_out(socket_stack):
    """The mode that denies access to others also denies it to nginx, which is another user."""
    nginx, web = socket_stack(command=[*SERVE, f"unix:{SOCKET}", "--umask", "0o077"])
    web.wait_for_log("Booting worker")

    assert nginx.get("/health/").status_code == 502
    nginx.wait_for_log("connect() to unix:/run/gunicorn/web.sock failed (13: Permission denied)")


def test_common_group_lets_nginx_in(socket_stack):
    """The mode keeps other users away, and nginx is in the group of Gunicorn's user."""
    command = [*SERVE, f"unix:{SOCKET}", "--umask", "0o007"]
    nginx, web = socket_stack(groups=("10001",), command=command)

    assert wait_until(lambda: nginx.get("/health/").status_code == 200)
    assert "srwxrwx---" in web.exec("ls", "-l", SOCKET)


def test_left_over_socket_is_replaced(socket_stack):
    """Gunicorn is killed, the socket file remains, and the next start replaces it."""
    nginx, web = socket_stack()
    assert wait_until(lambda: nginx.get().status_code == 200)
    web.kill("SIGKILL")
    assert web.exit_code == 137
    left = nginx.exec("ls", "/run/gunicorn")
    web.handle.start()

    assert "web.sock" in left
    assert wait_until(lambda: nginx.get().status_code == 200)


def test_full_queue_of_a_socket_is_a_502(socket_stack):
    """Two workers are busy and one client can wait, so nginx cannot connect for the others."""
    nginx, web = socket_stack(command=[*SERVE, f"unix:{SOCKET}", "--backlog", "1"])
    web.wait_for_log("Booting worker")
    assert wait_until(lambda: nginx.get("/health/").status_code == 200)

    answers = [nginx.start_get("/sleep/2/") for _ in range(20)]

    assert 502 in {answer.result().status_code for answer in answers}
    nginx.wait_for_log("failed (11: Resource temporarily unavailable)")


def test_second_container_takes_the_path(socket_stack):
    """Of two containers with one volume, the older one keeps running, but gets no requests."""
    nginx, first = socket_stack()
    assert wait_until(lambda: nginx.get("/health/").status_code == 200)
    socket_stack.stack.run("up", "--detach", "--no-build", "--no-recreate", "--scale", "web=2")
    (second,) = [c for c in socket_stack.stack.services("web") if c.handle.id != first.handle.id]
    second.wait_for_log("Booting worker", count=2)
    for _ in range(10):
        assert nginx.get("/whoami/").status_code == 200

    assert second.wait_for_log("/whoami/", count=10).count("/whoami/") == 10
    assert first.running
    assert "/whoami/" not in first.logs()
