"""The proofs of docs/tls.md."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from harness import ENVIRONMENT, PROJECT, SNIPPETS, engine
from harness.container import PATIENCE, wait_until
from harness.stack import Stack

APP = "dockerfile/app.Dockerfile"
STATIC = "static-files/nginx.Dockerfile.static"
CONF = ["static-files/nginx.default.conf"]
CADDY = "caddy:2.11"
CADDYFILE = (SNIPPETS / "tls/automatic.Caddyfile").read_text()
SETTINGS = (PROJECT / "core/settings.py").read_text()
SECURE = (SNIPPETS / "tls/behind-https.settings.py").read_text()
DOMAIN = "shop.example"
LETS_ENCRYPT = "acme-v02.api.letsencrypt.org"
OBTAINED = "certificate obtained successfully"
ROOT = "/data/caddy/pki/authorities/local/root.crt"
AUTHORITY = f"""{LETS_ENCRYPT} {{
    tls internal
    rewrite /directory /acme/local/directory
    acme_server
}}
"""
FORGED = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "forged.example",
    "X-Forwarded-Port": "80",
    "X-Forwarded-Protocol": "http",
    "X-Forwarded-Ssl": "off",
    "X-Real-IP": "203.0.113.7",
    "Forwarded": "for=203.0.113.7;proto=http",
}
ADMIN = {"username": "anna", "password": "correct horse battery staple"}


class Site:
    """A Compose file with a proxy that asks for certificates, and a Caddy as Let's Encrypt."""

    def __init__(self, stack, name) -> None:
        """Start the authority, trust it, and start the site, which asks it for a certificate.

        `name` is that of the proxy's service.
        """
        self.stack, self.name = stack, name
        stack.command += ["--file", "authority.yaml"]
        stack.up("authority")
        authority = stack.service("authority")
        authority.wait_for_log(OBTAINED)
        (stack.folder / "root.crt").write_text(authority.exec("cat", ROOT))
        self.tls = ssl.create_default_context(cafile=stack.folder / "root.crt")
        self.tls.set_alpn_protocols(["h2", "http/1.1"])
        self.verify = ssl.create_default_context(cafile=stack.folder / "root.crt")
        stack.up("web", "static")
        self.start_proxy()

    def start_proxy(self):
        """Start the proxy, anew if it runs, and wait until it answers by HTTPS."""
        self.stack.run("up", "--detach", "--no-build", "--force-recreate", self.name)
        self.proxy = self.stack.service(self.name)
        ports = self.proxy.handle.network_settings.ports
        self.http, self.https = (ports[port][0]["HostPort"] for port in ("80/tcp", "443/tcp"))
        wait_until(self.answers)

    def answers(self):
        """Whether the certificate is there, and Gunicorn behind it."""
        try:
            return self.get("/health/").status_code == 200
        except httpx.TransportError:
            return False

    @property
    def options(self):
        """What httpx needs to ask this machine for the site's name."""
        name = {"extensions": {"sni_hostname": DOMAIN}, "headers": {"Host": DOMAIN}}
        return {"verify": self.verify, "timeout": PATIENCE, **name}

    def get(self, path, headers=None):
        """Ask by HTTPS, and trust the authority alone."""
        client = httpx.Client(base_url=f"https://127.0.0.1:{self.https}", **self.headed(headers))
        with client:
            return client.get(path, extensions=self.options["extensions"])

    def headed(self, headers=None):
        """Return options of a client that asks for the site's name with more headers."""
        options = self.options
        del options["extensions"]
        options["headers"] |= headers or {}
        return options

    def connect(self):
        """Return the certificate and the protocol that a browser is offered."""
        with (
            socket.create_connection(("127.0.0.1", int(self.https)), PATIENCE) as tcp,
            self.tls.wrap_socket(tcp, server_hostname=DOMAIN) as connection,
        ):
            return connection.getpeercert(), connection.selected_alpn_protocol()


@contextmanager
def started(docker, builder, folder, file, name, **proxy: object):
    """Start a Compose file of snippets/ whose services are the proxy `name`, static and web.

    `proxy` tells what is otherwise in its service, in Compose's own keys.
    """
    (folder / "settings.py").write_text(SETTINGS + SECURE)
    (folder / "authority.Caddyfile").write_text(AUTHORITY)
    (folder / "authority.yaml").write_text(json.dumps({"services": {"authority": authority()}}))
    services = {
        name: {
            "ports": ["80", "443"],
            "environment": {"SSL_CERT_FILE": "/root.crt"},
            "volumes": ["./root.crt:/root.crt:ro", *proxy.pop("volumes", ())],
            "networks": {"default": {"aliases": [DOMAIN]}},
            **proxy,
        },
        "static": {"image": builder.build(SNIPPETS / STATIC, files=CONF)},
        "web": {
            "image": builder.build(SNIPPETS / APP),
            "volumes": ["./settings.py:/app/core/settings.py:ro"],
        },
    }
    env = {"DOMAIN": DOMAIN, "DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
    stack = Stack(docker, folder, file, services, ENVIRONMENT | env)
    try:
        yield Site(stack, name)
    finally:
        stack.down()


@pytest.fixture(scope="session")
def shared(docker, builder, tmp_path_factory):
    """Start what the page shows, once for each process of the tests."""
    folder = tmp_path_factory.mktemp(f"tls-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}-")
    builder.have([CADDY])
    (folder / "caddy").mkdir()
    (folder / "caddy/Caddyfile").write_text(CADDYFILE)
    with started(docker, builder, folder, "tls/automatic.compose.yaml", "caddy") as site:
        site.first_log = site.proxy.wait_for_log(OBTAINED)
        yield site


@pytest.fixture
def site(build, official, shared):
    """Return the site; what its images have inside goes with the result of each test."""
    build(APP)
    build(STATIC, files=CONF)
    official(CADDY)
    return shared


def test_caddy_gets_its_certificate_by_itself(site):
    """By ACME, from an authority that has Let's Encrypt's name and is no other than Caddy."""
    certificate, _ = site.connect()

    assert ("DNS", DOMAIN) in certificate["subjectAltName"]
    issued = f"{DOMAIN}.*{LETS_ENCRYPT}-directory"
    assert re.search(issued, site.first_log.splitlines()[-1])


def test_certificate_outlives_the_container(site):
    """A new container has the certificate of the old one, and asks for none."""
    before, _ = site.connect()

    site.start_proxy()

    assert site.connect()[0]["serialNumber"] == before["serialNumber"]
    assert OBTAINED not in site.proxy.logs()


def test_http_is_redirected_to_https(site):
    """By Caddy, with the path and the query."""
    url = f"http://127.0.0.1:{site.http}/echo/?page=2"
    response = httpx.get(url, headers={"Host": DOMAIN}, verify=site.verify)

    assert response.status_code == 308
    assert response.headers["Location"] == f"https://{DOMAIN}/echo/?page=2"


def test_django_sees_https(site):
    """Its settings do not name a header; the client's address is in one."""
    seen = site.get("/echo/").json()

    assert "SECURE_PROXY_SSL_HEADER" not in SETTINGS + SECURE
    assert seen["is_secure"]
    assert seen["host"] == DOMAIN
    assert re.fullmatch(r"[\d.]+", seen["headers"]["X-Forwarded-For"])


def test_forged_headers_are_discarded(site):
    """Django sees the same with them and without."""
    plain, forged = (site.get("/echo/", headers).json() for headers in ({}, FORGED))

    assert forged == plain
    assert forged["is_secure"]
    assert "203.0.113.7" not in str(forged)


def test_static_files_are_kept_for_a_year(site):
    """The page's style sheet comes by the same name, from the other image."""
    path = re.search(r'href="(\S+\.css)"', site.get("/").text)[1]
    response = site.get(path)

    assert response.headers["Content-Type"].startswith("text/css")
    assert "immutable" in response.headers["Cache-Control"]


def test_login_works_over_https(site):
    """The admin's form, with the Origin that a browser sends; its cookies are for HTTPS alone."""
    web = site.stack.service("web")
    web.exec("python", "manage.py", "migrate")
    web.exec("python", "manage.py", "shell", "--command", CREATE)
    options = site.headed({"Origin": f"https://{DOMAIN}"})
    path = f"https://127.0.0.1:{site.https}/admin/login/?next=/admin/"
    name = site.options["extensions"]

    with httpx.Client(**options) as browser:
        page = browser.get(path, extensions=name)
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)', page.text)[1]
        form = ADMIN | {"csrfmiddlewaretoken": token}
        answer = browser.post(path, data=form, extensions=name)

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/"
    cookies = answer.headers.get_list("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"csrftoken", "sessionid"}
    assert all("Secure" in cookie for cookie in cookies)


def test_browser_is_told_to_stay_with_https(site):
    """Django sends the header, because it takes the request for HTTPS."""
    assert site.get("/").headers["Strict-Transport-Security"] == "max-age=3600"


def test_caddy_offers_http_2_and_3(site):
    """HTTP/2 when TLS begins, HTTP/3 in a header."""
    assert site.connect()[1] == "h2"
    assert site.get("/").headers["Alt-Svc"].startswith('h3=":443"')


def test_caddyfile_passes_its_own_checks(site):
    """It is valid, and formatted as Caddy formats it."""
    file = ["/etc/caddy/Caddyfile"]

    assert "Valid configuration" in site.proxy.exec("sh", "-c", VALIDATE)
    assert site.proxy.exec("caddy", "fmt", *file).strip() == CADDYFILE.strip()


def test_missing_domain_stops_compose(site):
    """Compose says what is missing."""
    env = site.stack.env | {"DOMAIN": ""}
    command = [*site.stack.command, "config", "--quiet"]
    done = subprocess.run(
        command, check=False, cwd=site.stack.folder, env=env, capture_output=True, text=True
    )

    assert done.returncode != 0
    assert "DOMAIN" in done.stderr


def test_reload_finishes_what_is_under_way(site):
    """An editor puts another file in the place of the old one, while a slow request waits."""
    edited = CADDYFILE.removesuffix("}\n") + "\theader Edited yes\n}\n"
    web, found = site.stack.service("web"), []
    wait_until(lambda: not web.clients_read())  # Gunicorn closes what Caddy has kept

    with ThreadPoolExecutor() as client:
        slow = web.begin(lambda: client.submit(site.get, "/sleep/15/"))
        for text in edited, CADDYFILE:
            replace(site.stack.folder / "caddy/Caddyfile", text)
            site.proxy.exec("caddy", "reload", "--config", "/etc/caddy/Caddyfile")
            found.append(site.get("/health/").headers.get("Edited"))
        early = not slow.done()

    assert found == ["yes", None]
    assert early
    assert slow.result().text == "slept"


def replace(path, text):
    """Save as many an editor does: a new file takes the name of the old one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    shutil.move(fresh, path)


def authority():
    """Return the service that has Let's Encrypt's name in the network of the test."""
    return {
        "image": CADDY,
        "pull_policy": "never",
        "labels": {engine.LABEL: os.environ["PROOFS_RUN"]},
        "networks": {"default": {"aliases": [LETS_ENCRYPT]}},
        "volumes": ["./authority.Caddyfile:/etc/caddy/Caddyfile:ro"],
    }


CREATE = f"""
from django.contrib.auth.models import User
User.objects.create_superuser(**{ADMIN})
"""
VALIDATE = "caddy validate --config /etc/caddy/Caddyfile 2>&1"
