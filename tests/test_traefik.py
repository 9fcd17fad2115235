"""The proofs of docs/traefik.md."""

import re
from functools import partial

import httpx
import pytest
import yaml

from harness import SNIPPETS, engine
from harness.container import PATIENCE, wait_until
from scenarios import forged
from scenarios.tls import DOMAIN
from scenarios.walk import TRIED, add, log_in, styles, upload

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


def of_this_site(docker, *flags):
    """Return a service that sees only the containers of its own site, on the engine of the run."""
    own = yaml.safe_load((SNIPPETS / FILE).read_text())["services"]["traefik"]["command"]
    socket = f"{engine.socket_of(docker)}:{SOCKET}:ro"
    return {"command": [*own, OWN, *flags], "volumes": [socket]}


@pytest.fixture(scope="module")
def site(certified, docker, official):
    """Start the page's site, once for the tests in this file.

    Traefik gets one more flag, so that it sees only this site's containers, and a second
    entry point without the page's protections.
    """
    official(TRAEFIK)
    traefik = of_this_site(docker, LENIENT) | {"ports": ["80", "443", "8443"]}
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


@pytest.mark.docker_only("BuildKit, which builds both images of the Compose file")
def test_traefik_page_leads_to_a_login_over_https(walk, startproject, docker, official):
    """The robot does all that the pages say; Traefik is to see only this site's containers."""
    official(TRAEFIK)
    walk.begin(startproject())
    walk.built["traefik"] = of_this_site(docker) | {"ports": ["443"]}
    for page in "settings", "dockerfile", "static-files":
        walk.follow(page, without=TRIED)
    walk.do("tls/behind-https.settings.py")
    walk.follow("traefik")
    walk.do("tls/domain-and-key.console")
    walk.add_views("upload_form")
    walk.edit(".env", {"DOMAIN=shop.example": "DOMAIN=localhost"})

    walk.run("traefik", "docker compose up --build --detach")
    walk.run("traefik", "docker compose exec web python manage.py migrate")
    walk.do("compose/superuser.console")

    traefik = walk.stack.service("traefik")
    address = f"https://localhost:{traefik.handle.network_settings.ports['443/tcp'][0]['HostPort']}"
    wait_until(lambda: httpx.get(f"{address}/admin/login/", verify=False).status_code == 200)  # noqa: S501
    with log_in(address, verify=False) as admin:
        sheets = styles(admin)
        add(admin, "Editors")
        upload(admin)
    assert {cookie.secure for cookie in admin.cookies.jar} == {True}
    assert {sheet.status_code for sheet in sheets} == {200}


def test_form_is_posted_through_traefik(site):
    """The admin's form has the Origin that a browser sends."""
    answer = site.log_in()

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/"
