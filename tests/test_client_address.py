"""The proofs of docs/client-address.md."""

import re

from harness import SNIPPETS

MIDDLEWARE = SNIPPETS / "client-address/told.client_address.py"
CONF = SNIPPETS / "client-address/client.gunicorn.conf.py"
FORGED = {"X-Forwarded-For": "203.0.113.9"}
SETTINGS = """
from core.settings import *
MIDDLEWARE = ["core.client_address.client_address", *MIDDLEWARE]
"""


def test_django_sees_the_proxy(proxied_once):
    """Without the file, REMOTE_ADDR is nginx's address."""
    nginx = proxied_once()

    assert nginx.get("/echo/").json()["remote_addr"] == address_of(nginx.nginx)


def test_file_puts_the_client_in_its_place(proxied_once, tmp_path_factory):
    """REMOTE_ADDR is what nginx saw, also when the client claims another one."""
    nginx = proxied_once(**with_both_files(tmp_path_factory.getbasetemp()))
    answers = [nginx.get("/echo/", headers=headers).json() for headers in ({}, FORGED)]
    client = client_of(nginx)

    assert [answer["remote_addr"] for answer in answers] == [client, client]
    assert client != address_of(nginx.nginx)


def test_request_past_the_proxy_is_answered(proxied_once, tmp_path_factory):
    """A health check inside of the container sends no such header."""
    web = proxied_once(**with_both_files(tmp_path_factory.getbasetemp())).web

    assert "127.0.0.1" in web.exec("python", "-c", ASK_INSIDE)


def test_access_log_begins_with_the_client(proxied_once, tmp_path_factory):
    """With the file it is the client's address, without it nginx's, and never the forged one."""
    found = []
    for options in {}, with_both_files(tmp_path_factory.getbasetemp()):
        nginx = proxied_once(**options)
        nginx.get("/whoami/", headers=FORGED)
        log = nginx.web.wait_for_log("GET /whoami/")
        found.append(re.search(r"(?m)^(\S+) .*GET /whoami/", log)[1])

    assert found == [address_of(proxied_once().nginx), client_of(nginx)]


ASK_INSIDE = """
from urllib.request import Request, urlopen
request = Request("http://127.0.0.1:8000/echo/", headers={"Host": "127.0.0.1"})
print(urlopen(request).read().decode())
"""


def with_both_files(folder):
    """Return the options of a Gunicorn that has the files of the page beside its own."""
    (folder / "settings.py").write_text(SETTINGS)
    mounts = [(MIDDLEWARE, "/app/core/client_address.py", "ro"), (CONF, "/app/gunicorn.conf.py")]
    mounts += [(folder / "settings.py", "/app/core/with_address.py", "ro")]
    return {"env": {"DJANGO_SETTINGS_MODULE": "core.with_address"}, "volumes": mounts}


def address_of(container):
    """Return a container's address on its network."""
    (network,) = container.handle.network_settings.networks.values()
    return network.ip_address


def client_of(nginx):
    """Return the address at which nginx sees this machine."""
    nginx.get("/health/")
    return re.findall(r"(?m)^(\S+) - .*GET /health/", nginx.nginx.logs())[-1]
