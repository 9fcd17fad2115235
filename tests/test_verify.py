"""The proofs of docs/verify.md."""

import httpx
import pytest

from harness import SNIPPETS

IMAGE = "signals/exec-form.Dockerfile"
SOCKET = "socket.console"
COMMANDS = sorted({path.name for path in (SNIPPETS / "verify").iterdir()} - {SOCKET})
WITH_SOCKET = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--timeout", "20"]
WITH_SOCKET += ["--control-socket", "/tmp/gunicorn.ctl"]
ASK = "from urllib.request import *; print(urlopen('http://127.0.0.1:8000/health/').status)"


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_find_nothing_wrong(build, run, run_once, replay, command):
    """All are typed for a container that serves; the log's is one that nobody else asks."""
    container = (run if "log" in command else run_once)(build(IMAGE))
    container.wait_for_log("Booting worker")

    replay(f"verify/{command}", web=container.handle.id)


def test_exposed_port_is_not_published(build, run, docker):
    """The image exposes 8000, and `docker port` prints nothing."""
    image = build(IMAGE)
    container = run(image, publish_all=False)

    assert docker.image.inspect(image).config.exposed_ports
    assert container.ports == []


def test_answer_inside_alone_means_a_wrong_bind(build, run_once):
    """Without --bind, inside and outside differ; with it, they do not."""
    unbound, bound = run_once(build(IMAGE), "gunicorn", "core.wsgi"), run_once(build(IMAGE))

    assert [container.exec("python", "-c", ASK) for container in (unbound, bound)] == ["200"] * 2
    with pytest.raises(httpx.TransportError):
        unbound.get("/health/")
    assert bound.get("/health/").status_code == 200


def test_slim_image_has_no_ps(build, run_once):
    """The shell finds no such program in the base image's folders."""
    container = run_once(build(IMAGE))

    assert container.exec("sh", "-c", "command -v ps || echo none") == "none"


def test_print_config_knows_no_flag_of_the_command(build, run_once):
    """The container's command binds to every address, and what is printed is the default."""
    container = run_once(build(IMAGE))

    printed = container.exec("gunicorn", "core.wsgi", "--print-config")

    assert "Listening at: http://0.0.0.0:8000" in container.logs()
    assert "['127.0.0.1:8000']" in printed


def test_control_socket_tells_the_flags_too(build, run, replay):
    """The running server tells the timeout of its command, which is not the default."""
    container = run(build(IMAGE), *WITH_SOCKET)
    container.wait_for_log("Control socket listening at")

    said = replay(f"verify/{SOCKET}", web=container.handle.id)

    assert "timeout: 20" in said
