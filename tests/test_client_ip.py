"""The proofs of docs/client-ip.md."""

import json
import re

import pytest

from harness import PROBES, SNIPPETS
from harness.container import wait_until

MIDDLEWARE = SNIPPETS / "client-ip/told.client_address.py"
CONF = SNIPPETS / "client-ip/client.gunicorn.conf.py"
GET = (PROBES / "get.py").read_text()
FORGED = {"X-Forwarded-For": "203.0.113.9"}
SETTINGS = """
from core.settings import *
MIDDLEWARE = ["core.client_address.client_address", *MIDDLEWARE]
"""


@pytest.fixture(scope="module")
def with_both_files(proxying, tmp_path_factory):
    """Return nginx and a Gunicorn that has the page's files next to its own."""
    settings = tmp_path_factory.mktemp("settings") / "settings.py"
    settings.write_text(SETTINGS)
    mounts = [(MIDDLEWARE, "/app/core/client_address.py", "ro"), (CONF, "/app/gunicorn.conf.py")]
    mounts += [(settings, "/app/core/with_address.py", "ro")]
    env = {"DJANGO_SETTINGS_MODULE": "core.with_address"}
    with proxying(env=env, volumes=mounts) as site:
        yield site


def test_django_sees_the_proxy(by_the_page):
    """Without the file, REMOTE_ADDR is nginx's address."""
    assert by_the_page.get("/echo/").json()["remote_addr"] == by_the_page.nginx.ip_address


def test_file_puts_the_client_in_its_place(with_both_files):
    """REMOTE_ADDR is the address that nginx saw, even if the client sends another one."""
    nginx = with_both_files
    answers = [nginx.get("/echo/", headers=headers).json() for headers in ({}, FORGED)]
    client = client_of(nginx)

    assert [answer["remote_addr"] for answer in answers] == [client, client]
    assert client != nginx.nginx.ip_address


def test_request_past_the_proxy_is_answered(with_both_files):
    """A health check inside the container sends no such header, and keeps its own address."""
    answer = inside(with_both_files.web, "http://127.0.0.1:8000/echo/")

    assert json.loads(answer)["remote_addr"] == "127.0.0.1"


def test_client_of_gunicorns_port_forges_its_address(with_both_files):
    """The client's header passes the middleware, because no proxy has replaced it."""
    answer = with_both_files.web.get("/echo/", headers=FORGED).json()

    assert answer["remote_addr"] == FORGED["X-Forwarded-For"]


def test_access_log_begins_with_the_client(by_the_page, with_both_files):
    """With the file, the line shows the client's address, without it nginx's; never a forged one.

    A request that bypasses nginx, and so has no header, shows a dash.
    """
    found = []
    for nginx in by_the_page, with_both_files:
        nginx.get("/whoami/", headers=FORGED)
        found.append(beginning(nginx.web, "/whoami/"))
    inside(with_both_files.web, "http://127.0.0.1:8000/count/")

    assert found == [by_the_page.nginx.ip_address, client_of(with_both_files)]
    assert beginning(with_both_files.web, "/count/") == "-"


def inside(web, url):
    """Send a request from inside the container, and return the body of its response."""
    return web.exec("python", "-c", GET, url)


def beginning(web, path):
    """Return the beginning of the access-log line for a path."""
    return re.search(rf"(?m)^(\S+) .*GET {path}", web.wait_for_log(f"GET {path}"))[1]


def client_of(nginx):
    """Return the address at which nginx sees this machine."""
    line = r"(?m)^(\S+) - .*GET /health/"
    before = len(re.findall(line, nginx.nginx.logs()))
    nginx.get("/health/")
    return wait_until(lambda: re.findall(line, nginx.nginx.logs())[before:])[0]
