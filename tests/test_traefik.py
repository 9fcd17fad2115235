"""The proofs of docs/traefik.md."""

import re
from functools import partial

import httpx
import pytest
import yaml

from harness import SNIPPETS, engine
from harness.container import PATIENCE
from scenarios import forged
from scenarios.tls import DOMAIN

FILE = "traefik/labels.compose.yaml"
TRAEFIK = "traefik:v3.7"
CONTRADICTIONS = {"X-Forwarded-Protocol": "http", "X-Forwarded-Ssl": "off"}
SCRIPT_NAME = {"SCRIPT_NAME": "/public"}
# Another entry point, and another router for both, without what the page's file adds.
LENIENT = "--entryPoints.lenient.address=:8443"
BARE = {
    "traefik.http.routers.bare.rule": "Host(`${DOMAIN:?}`) && Query(`bare`, `yes`)",
    "traefik.http.routers.bare.entryPoints": "https,lenient",
    "traefik.http.routers.bare.tls.certResolver": "letsencrypt",
}
PROJECT = "com.docker.compose.project"
OWN = f"--providers.docker.constraints=Label(`{PROJECT}`,`${{COMPOSE_PROJECT_NAME}}`)"
SOCKET = "/var/run/docker.sock"


@pytest.fixture(scope="module")
def site(certified, docker, official):
    """Start the page's site, once for the tests in this file.

    Traefik gets one more flag, so that it sees only this site's containers, and a second
    entry point without the page's protections.
    """
    official(TRAEFIK)
    flags = yaml.safe_load((SNIPPETS / FILE).read_text())["services"]["traefik"]["command"]
    traefik = {
        "command": [*flags, OWN, LENIENT],
        "volumes": [f"{engine.socket_of(docker)}:{SOCKET}:ro"],
        "ports": ["80", "443", "8443"],
    }
    with certified(FILE, "traefik", web={"labels": BARE}, **traefik) as site:
        yield site


def test_traefik_gets_its_certificate_by_itself(site):
    """Traefik gets it over ACME from a Caddy, as from Let's Encrypt, and no other is trusted."""
    certificate, _ = site.connect()

    assert certificate["subjectAltName"] == (("DNS", DOMAIN),)


def test_labels_send_each_path_to_its_container(site):
    """Gunicorn renders the page, and nginx serves its stylesheet."""
    page = site.get("/")
    style = site.get(re.search(r'href="(\S+\.css)"', page.text)[1])

    assert page.headers["Server"].startswith("gunicorn")
    assert style.headers["Server"].startswith("nginx")
    assert "immutable" in style.headers["Cache-Control"]


def test_traefik_redirects_to_https(site):
    """The redirect keeps the path and the query."""
    url = f"http://127.0.0.1:{site.http}/echo/?page=2"
    options = {"headers": {"Host": DOMAIN}, "timeout": PATIENCE}
    response = httpx.get(url, verify=site.verify, **options)

    assert response.status_code in (301, 308)
    assert response.headers["Location"] == f"https://{DOMAIN}/echo/?page=2"


def test_traefik_discards_forged_headers(site):
    """Django sees the same request with each of the headers, with all of them and with none."""
    assert forged.that_reach_django(partial(site.get, "/echo/")) == []
    assert site.get("/echo/").json()["is_secure"]


def test_traefik_lets_contradictions_pass(site):
    """Without the page's middleware, the headers reach Gunicorn, which rejects the request."""
    for name, value in CONTRADICTIONS.items():
        answer = site.get("/echo/?bare=yes", {name: value})
        assert answer.status_code == 400
        assert "Contradictory scheme headers" in answer.text


def test_traefik_passes_script_name_by_default(site):
    """On an entry point without the strategy, the client's header moves the admin's path."""
    path = "/public/admin/?bare=yes"
    by_default = site.get(path, SCRIPT_NAME, port=site.published("8443/tcp"))

    assert by_default.headers["Location"].startswith("/public/admin/login/")
    assert site.get(path, SCRIPT_NAME).status_code == 404


def test_form_is_posted_through_traefik(site):
    """The admin's form has the Origin that a browser sends."""
    answer = site.log_in()

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/"
