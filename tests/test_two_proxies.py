"""The proofs of docs/two-proxies.md."""

import json

import pytest

from harness import PROBES, SNIPPETS
from harness.texts import edited
from scenarios.proxied import TEXT

BALANCER = (SNIPPETS / "two-proxies/believed.balancer.conf").read_text()
NETWORK = "10.0.0.0/8"
CONF = edited(TEXT, {"X-Forwarded-Proto $scheme;": "X-Forwarded-Proto $client_scheme;"})
TOLD = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
GET = (PROBES / "get.py").read_text()


@pytest.fixture(scope="module")
def inner(by_the_page, running):
    """Return the inner proxy, which takes this machine for the load balancer.

    It is one more nginx before the Gunicorn of a site with the page's own.
    """
    balancer = edited(BALANCER, {NETWORK: "GATEWAY"}, times=2)
    others = {"conf.d/balancer.conf": balancer}
    image, options = by_the_page.nginx_options(CONF, others=others)
    with running(image, network_aliases=["inner"], **options) as inner:
        yield inner


def test_balancer_tells_scheme_and_address(inner):
    """Django has both, and without the file neither."""
    answer = inner.get("/echo/", headers=TOLD).json()

    assert answer["is_secure"]
    assert answer["headers"]["X-Forwarded-For"] == "203.0.113.9"


def test_inner_proxy_alone_tells_of_the_balancer(by_the_page):
    """With the file of the page about the proxy, all clients are the balancer, by HTTP."""
    answer = by_the_page.get("/echo/", headers=TOLD).json()

    assert not answer["is_secure"]
    assert answer["headers"]["X-Forwarded-For"] == by_the_page.gateway


def test_address_before_the_balancers_is_no_matter(inner):
    """A client wrote one, and the balancer appended the one that it saw."""
    appended = TOLD | {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}

    answer = inner.get("/echo/", headers=appended).json()
    assert answer["headers"]["X-Forwarded-For"] == "203.0.113.9"


@pytest.mark.usefixtures("inner")
def test_others_are_not_believed(by_the_page):
    """Another container says what the balancer says, and is taken for itself, by HTTP."""
    other = by_the_page.web
    told = [f"{name}: {value}" for name, value in {"Host": "127.0.0.1", **TOLD}.items()]

    answer = json.loads(other.exec("python", "-c", GET, "http://inner:8080/echo/", *told))

    assert not answer["is_secure"]
    assert answer["headers"]["X-Forwarded-For"] == other.ip_address
