"""The proofs of docs/platforms.md."""

import re
import socket
import time

import pytest

from harness import ROOT
from harness.container import PATIENCE, wait_until
from harness.pauses import paused
from scenarios import health_checks

IMAGE = "platforms/any-port.Dockerfile"
GET = (ROOT / "tests/probes/get.py").read_text()
LIVE = "/health/live"
TIMEOUT = 2


@pytest.fixture(scope="module")
def image(build):
    """Build the page's Dockerfile with the middleware of docs/health-checks.md."""
    return build(IMAGE, files=health_checks.FILES, changes=health_checks.CHANGES)


@pytest.fixture(scope="module")
def web(image, running):
    """Run the image as on a platform: with a trusted proxy and a read-only root."""
    env = {"FORWARDED_ALLOW_IPS": "*", "ALLOWED_HOSTS": "example.com"}
    with running(image, env=env, read_only=True, tmpfs=["/tmp"]) as web:
        yield web


@pytest.mark.parametrize("port", ["8080", "10000", "37465"])
def test_image_listens_on_any_port(image, run, port):
    """Checks the default ports of two platforms, and a port like those of Heroku."""
    web = run(image, env={"PORT": port})

    web.wait_for_log(f"Listening at: http://0.0.0.0:{port}")
    assert web.exec("python", "-c", GET, f"http://127.0.0.1:{port}{LIVE}").strip() == "live"


def test_image_listens_on_port_8000_by_itself(web):
    """Without PORT, the image listens on port 8000."""
    web.wait_for_log("Listening at: http://0.0.0.0:8000")


@pytest.mark.parametrize("host", ["", "Host: 10.0.3.7:8000", "Host: 3f2a9c:8000"])
def test_probe_needs_no_known_host(web, host):
    """With no Host, an address or a container's name, the probe returns 200, but a page 400."""
    assert status(web, LIVE, host) == 200
    assert status(web, "/echo/", host) == 400
    assert status(web, "/echo/", "Host: example.com") == 200


def test_scheme_of_the_platforms_proxy_is_trusted(web):
    """The platform's proxy sets the header, on a connection from another machine."""
    headers = {"Host": "example.com", "X-Forwarded-Proto": "https"}

    assert web.get("/echo/", headers=headers).json()["is_secure"] is True
    assert web.get("/echo/", headers={"Host": "example.com"}).json()["is_secure"] is False


def test_image_runs_as_any_user(image, run):
    """The image runs with an unknown user ID and no home directory."""
    web = run(image, env={"PORT": "8000"}, user="41234:41234")

    assert web.get(LIVE).status_code == 200
    assert web.users() == {"41234"}


@pytest.mark.cgroup
def test_frozen_workers_are_killed_unless_the_timeout_is_off(image, run, docker):
    """The container is paused for longer than the timeout until a worker is killed."""
    default = run(image, env={"GUNICORN_CMD_ARGS": f"--timeout {TIMEOUT}"})
    off = run(image, env={"GUNICORN_CMD_ARGS": "--timeout 0"})

    def killed():
        with paused(docker, default), paused(docker, off):
            time.sleep(2 * TIMEOUT)
        time.sleep(1)
        return "WORKER TIMEOUT" in default.logs()

    assert wait_until(killed), default.logs()
    assert "WORKER TIMEOUT" not in off.logs()
    assert off.get(LIVE).status_code == 200


def status(web, path, host):
    """Send a request with this Host header, or without one, and return the status."""
    address = web.address.removeprefix("http://").split(":")
    version = "1.1" if host else "1.0"
    lines = [f"GET {path} HTTP/{version}", *([host] if host else []), "Connection: close", "", ""]
    with socket.create_connection((address[0], int(address[1])), PATIENCE) as client:
        client.sendall("\r\n".join(lines).encode())
        return int(re.match(rb"HTTP/1\.[01] (\d+)", client.recv(65536))[1])
