"""The proofs of docs/two-proxies.md."""

import json

import pytest

from harness import SNIPPETS
from harness.texts import edited
from scenarios.proxied import TEXT

BALANCER = (SNIPPETS / "two-proxies/believed.balancer.conf").read_text()
NETWORK = "10.0.0.0/8"
CONF = edited(TEXT, {"X-Forwarded-Proto $scheme;": "X-Forwarded-Proto $client_scheme;"})
TOLD = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
ASK_AS_ANOTHER = """
from urllib.request import Request, urlopen
headers = {"Host": "127.0.0.1", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
print(urlopen(Request("http://nginx:8080/echo/", headers=headers)).read().decode())
"""


@pytest.fixture
def inner(proxied_once):
    """Return the inner proxy, which takes this machine for the load balancer."""
    balancer = edited(BALANCER, {NETWORK: "GATEWAY"}, times=2)
    return proxied_once(nginx={"text": CONF, "others": {"conf.d/balancer.conf": balancer}})


def test_balancer_tells_scheme_and_address(inner):
    """Django has both, and without the file neither."""
    answer = inner.get("/echo/", headers=TOLD).json()

    assert answer["is_secure"]
    assert answer["headers"]["X-Forwarded-For"] == "203.0.113.9"


def test_inner_proxy_alone_tells_of_the_balancer(proxied_once):
    """With the file of the page about the proxy, all clients are the balancer, by HTTP."""
    nginx = proxied_once()
    answer = nginx.get("/echo/", headers=TOLD).json()

    assert not answer["is_secure"]
    assert answer["headers"]["X-Forwarded-For"] == nginx.gateway


def test_address_before_the_balancers_is_no_matter(inner):
    """A client wrote one, and the balancer appended the one that it saw."""
    appended = TOLD | {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}

    answer = inner.get("/echo/", headers=appended).json()
    assert answer["headers"]["X-Forwarded-For"] == "203.0.113.9"


def test_others_are_not_believed(inner):
    """Another container says what the balancer says, and is taken for itself, by HTTP."""
    answer = json.loads(inner.web.exec("python", "-c", ASK_AS_ANOTHER))

    (network,) = inner.web.handle.network_settings.networks.values()
    assert not answer["is_secure"]
    assert answer["headers"]["X-Forwarded-For"] == network.ip_address
