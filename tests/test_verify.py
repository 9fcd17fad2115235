"""The proofs of docs/verify.md."""

import subprocess

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
    """All commands run for a healthy container; the log command's gets no other requests."""
    container = (run if "log" in command else run_once)(build(IMAGE))
    container.wait_for_log("Booting worker")

    replay(f"verify/{command}", web=container.handle.id)


def test_exposed_port_is_not_published(build, run, docker):
    """The image exposes port 8000, but the page's command prints only published ports."""
    image = build(IMAGE)
    hidden, published = run(image, publish_all=False), run(image)
    port = [*docker.client_config.docker_cmd, "port"]
    assert (SNIPPETS / "verify/port.console").read_text().startswith("$ docker port web ")

    said = [
        subprocess.run([*port, container.handle.id], check=False, capture_output=True, text=True)
        for container in (hidden, published)
    ]

    assert docker.image.inspect(image).config.exposed_ports
    assert said[0].stdout == ""
    assert published.ports[0] in said[1].stdout


def test_answer_inside_alone_means_a_wrong_bind(build, run_once):
    """Inside and outside give different results without --bind, and equal results with it."""
    unbound, bound = run_once(build(IMAGE), "gunicorn", "core.wsgi"), run_once(build(IMAGE))

    assert [container.exec("python", "-c", ASK) for container in (unbound, bound)] == ["200"] * 2
    with pytest.raises(httpx.TransportError):
        unbound.get("/health/")
    assert bound.get("/health/").status_code == 200


def test_slim_image_has_no_ps(build, run_once):
    """The shell finds no such program in the base image's directories."""
    container = run_once(build(IMAGE))

    assert container.exec("sh", "-c", "command -v ps || echo none") == "none"


def test_print_config_knows_no_flag_of_the_command(build, run_once):
    """The container's command binds to every address, but the output shows the default."""
    container = run_once(build(IMAGE))

    printed = container.exec("gunicorn", "core.wsgi", "--print-config")

    assert "Listening at: http://0.0.0.0:8000" in container.logs()
    assert "['127.0.0.1:8000']" in printed


def test_control_socket_tells_the_flags_too(build, run, replay):
    """The running server shows its command's timeout, which is not the default."""
    container = run(build(IMAGE), *WITH_SOCKET)
    container.wait_for_log("Control socket listening at")

    said = replay(f"verify/{SOCKET}", web=container.handle.id)

    assert "timeout: 20" in said
