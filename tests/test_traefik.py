"""The proofs of docs/traefik.md."""

import re

import httpx
import pytest
import yaml

from harness import SNIPPETS, engine
from scenarios.tls import DOMAIN, FORGED

FILE = "traefik/labels.compose.yaml"
TRAEFIK = "traefik:v3.7"
CONTRADICTIONS = ["X-Forwarded-Protocol", "X-Forwarded-Ssl"]
PROJECT = "com.docker.compose.project"
OWN = f"--providers.docker.constraints=Label(`{PROJECT}`,`${{COMPOSE_PROJECT_NAME}}`)"
SOCKET = "/var/run/docker.sock"


@pytest.fixture(scope="module")
def site(certified, docker, official):
    """Start what the page shows, once for the tests of this file.

    Traefik gets one more flag, so that it sees no container of this machine but its own.
    """
    official(TRAEFIK)
    flags = yaml.safe_load((SNIPPETS / FILE).read_text())["services"]["traefik"]["command"]
    volumes = [f"{engine.socket_of(docker)}:{SOCKET}:ro"]
    with certified(FILE, "traefik", command=[*flags, OWN], volumes=volumes) as site:
        yield site


def test_traefik_gets_its_certificate_by_itself(site):
    """By ACME, from a Caddy that has Let's Encrypt's name: no other root is trusted here."""
    certificate, _ = site.connect()

    assert certificate["subjectAltName"] == (("DNS", DOMAIN),)


def test_labels_send_each_path_to_its_container(site):
    """Gunicorn renders the page, and nginx has its style sheet."""
    page = site.get("/")
    style = site.get(re.search(r'href="(\S+\.css)"', page.text)[1])

    assert page.headers["Server"].startswith("gunicorn")
    assert style.headers["Server"].startswith("nginx")
    assert "immutable" in style.headers["Cache-Control"]


def test_traefik_redirects_to_https(site):
    """With the path and the query."""
    url = f"http://127.0.0.1:{site.http}/echo/?page=2"
    response = httpx.get(url, headers={"Host": DOMAIN}, verify=site.verify)

    assert response.status_code in (301, 308)
    assert response.headers["Location"] == f"https://{DOMAIN}/echo/?page=2"


def test_traefik_discards_forged_headers(site):
    """Django sees HTTPS, the host that was asked for, and no forged address."""
    forged = {name: value for name, value in FORGED.items() if name not in CONTRADICTIONS}

    seen = site.get("/echo/", forged).json()

    assert seen["is_secure"]
    assert seen["host"] == DOMAIN
    kept = [name for name, value in seen["headers"].items() if "203.0.113.7" in value]
    assert kept == ["Forwarded"]


def test_traefik_lets_contradictions_pass(site):
    """Gunicorn answers, and not Django."""
    for name in CONTRADICTIONS:
        answer = site.get("/echo/", {name: FORGED[name]})
        assert answer.status_code == 400
        assert "Contradictory scheme headers" in answer.text
