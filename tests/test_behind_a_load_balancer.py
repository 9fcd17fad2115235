"""The proofs of docs/behind-a-load-balancer.md."""

import json
import socket
import ssl
from ipaddress import ip_address, ip_interface

import httpx
import pytest

from harness import PROBES, SNIPPETS
from harness.container import PATIENCE, wait_until
from harness.texts import edited
from scenarios import forged
from scenarios.production import Production, images
from scenarios.proxied import TEXT
from scenarios.tls import CADDY, ROOT

BALANCER = (SNIPPETS / "behind-a-load-balancer/believed.balancer.conf").read_text()
OVERRIDE = "behind-a-load-balancer/on-this-host.compose.override.yaml"
CADDYFILE = (SNIPPETS / "behind-a-load-balancer/on-this-host.Caddyfile").read_text()
ADDRESS = "172.16.8.1"
CONF = edited(TEXT, {"X-Forwarded-Proto $scheme;": "X-Forwarded-Proto $client_scheme;"})
TOLD = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
GET = (PROBES / "get.py").read_text()
LOGIN = "/admin/login/"
# Here, Caddy is on the engine's own network, and opens only the port that gets the requests.
ONE_PORT = "{\n\tadmin off\n\tauto_https disable_redirects\n\tlocal_certs\n}\n"
SERVES = "serving initial configuration"


@pytest.fixture(scope="module")
def inner(by_the_page, running):
    """Return the inner proxy, which treats this machine as the load balancer.

    It is one more nginx in front of the site's Gunicorn, next to the page's own.
    """
    balancer = edited(BALANCER, {ADDRESS: "GATEWAY"}, times=2)
    with beside(by_the_page, running, balancer) as inner:
        yield inner


def test_balancer_tells_scheme_and_address(inner):
    """Django sees both the scheme and the address; without the file, it sees neither."""
    answer = inner.get("/echo/", headers=TOLD).json()

    assert answer["is_secure"]
    assert answer["headers"]["X-Forwarded-For"] == "203.0.113.9"


def test_inner_proxy_alone_tells_of_the_balancer(by_the_page):
    """With only the file of docs/proxy.md, every client appears to be the balancer, over HTTP."""
    answer = by_the_page.get("/echo/", headers=TOLD).json()

    assert not answer["is_secure"]
    assert answer["headers"]["X-Forwarded-For"] == by_the_page.gateway


def test_address_before_the_balancers_is_no_matter(by_the_page, running):
    """A client sent an address, and the balancer appended the one that it saw.

    The balancer is trusted because of its network, and the client is in that network too.
    """
    client = by_the_page.web.ip_address
    [at] = by_the_page.web.handle.network_settings.networks.values()
    network = str(ip_interface(f"{client}/{at.ip_prefix_length}").network)
    appended = TOLD | {"X-Forwarded-For": f"198.51.100.7, {client}"}

    with beside(by_the_page, running, edited(BALANCER, {ADDRESS: network}, times=2)) as inner:
        answer = inner.get("/echo/", headers=appended).json()

    assert answer["headers"]["X-Forwarded-For"] == client
    assert answer["is_secure"]


def test_forged_headers_pass_no_balancer(inner):
    """The balancer, played by the test, adds an address, sets the scheme and forwards the rest."""

    def ask(headers):
        claimed = [v for name, v in headers.items() if name == "X-Forwarded-For"]
        seen = {"X-Forwarded-For": ", ".join([*claimed, "198.51.100.7"])}
        return inner.get("/echo/", headers=headers | seen | {"X-Forwarded-Proto": "https"})

    assert forged.that_reach_django(ask) == []
    assert ask({}).json()["is_secure"]


@pytest.mark.usefixtures("inner")
def test_others_are_not_believed(by_the_page):
    """Another container sends the balancer's headers, but is treated as a client over HTTP."""
    other = by_the_page.web
    told = [f"{name}: {value}" for name, value in {"Host": "127.0.0.1", **TOLD}.items()]

    answer = json.loads(other.exec("python", "-c", GET, "http://inner:8080/echo/", *told))

    assert not answer["is_secure"]
    assert answer["headers"]["X-Forwarded-For"] == other.ip_address


@pytest.mark.docker_only("the address of the published port")
def test_form_is_posted_through_a_proxy_on_the_host(production, run, official, tmp_path):
    """The page's files extend the production Compose file, and Caddy runs in the host's network."""
    nginx = production.service("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        site = f"localhost:{free.getsockname()[1]}"
    caddyfile = tmp_path / "Caddyfile"
    caddyfile.write_text(
        ONE_PORT + edited(CADDYFILE, {"shop.example": site, "8080": nginx.ports[0]})
    )
    volumes = [(caddyfile, "/etc/caddy/Caddyfile", "ro")]
    host = {"networks": ["host"], "publish_all": False}
    caddy = run(official(CADDY), volumes=volumes, ready=SERVES, **host)
    root = wait_until(lambda: caddy.exec("sh", "-c", f"cat {ROOT} 2>/dev/null || true"))
    trust = ssl.create_default_context(cadata=root)

    with httpx.Client(base_url=f"https://{site}", verify=trust, timeout=PATIENCE) as browser:
        echo = browser.get("/echo/").json()
        browser.get(LOGIN)
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        origin = {"Origin": f"https://{site}", "Referer": f"https://{site}{LOGIN}"}
        answer = browser.post(LOGIN, data=form, headers=origin)

    assert echo["is_secure"]
    assert ip_address(echo["headers"]["X-Forwarded-For"]).is_loopback  # by IPv4 or IPv6
    assert answer.status_code == 200


@pytest.fixture
def production(docker, build, builder, official, tmp_path):
    """Start the Compose file of docs/compose.md, extended by the files of this page."""
    official("postgres:18")
    folder = tmp_path / "production"
    folder.mkdir()
    site = Production(docker, builder, folder, images(build))
    (folder / "nginx/default.conf").write_text(CONF)
    (folder / "nginx/balancer.conf").write_text(BALANCER)
    (folder / "compose.override.yaml").write_text((SNIPPETS / OVERRIDE).read_text())
    site.command += ["--file", "compose.override.yaml"]
    site.env["ALLOWED_HOSTS"] = "localhost"
    try:
        site.up()
        yield site
    finally:
        site.down()


def beside(site, running, balancer):
    """Start one more nginx in front of a site's Gunicorn, with the page's file for a balancer."""
    image, options = site.nginx_options(CONF, others={"conf.d/balancer.conf": balancer})
    return running(image, network_aliases=["inner"], **options)
