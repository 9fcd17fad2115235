"""A proxy that gets certificates automatically, from a Caddy instead of Let's Encrypt."""

import json
import os
import socket
import ssl
from contextlib import contextmanager

import httpx
import pytest

from harness import ENVIRONMENT, PROJECT, SNIPPETS, engine
from harness.container import PATIENCE, wait_until
from harness.stack import Stack
from scenarios import forms

STATIC = "static-files/nginx.Dockerfile.static"
CONF = ["static-files/nginx.default.conf"]
CADDY = "caddy:2.11"
SETTINGS = (PROJECT / "core/settings.py").read_text()
SECURE = (SNIPPETS / "tls/behind-https.settings.py").read_text()
DOMAIN = "shop.example"
LETS_ENCRYPT = "acme-v02.api.letsencrypt.org"
OBTAINED = "certificate obtained successfully"
ADMIN = {"username": "anna", "password": "correct horse battery staple"}
CREATE = f"""
from django.contrib.auth.models import User
User.objects.create_superuser(**{ADMIN})
"""
ROOT = "/data/caddy/pki/authorities/local/root.crt"
AUTHORITY = f"""{LETS_ENCRYPT} {{
    tls internal
    rewrite /directory /acme/local/directory
    acme_server
}}
"""


class Site:
    """A Compose file with a proxy that requests certificates, and a Caddy as Let's Encrypt."""

    def __init__(self, stack, name, ready) -> None:
        """Start the authority, trust it, and start the site, which requests a certificate from it.

        `name` is the proxy's service. No request is sent before its log has the line `ready`.
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
        self.start_proxy(ready)

    def start_proxy(self, ready=""):
        """Start or restart the proxy, and wait until it responds over HTTPS."""
        self.stack.run("up", "--detach", "--no-build", "--force-recreate", self.name)
        self.proxy = self.stack.service(self.name)
        self.http, self.https = self.published("80/tcp"), self.published("443/tcp")
        if ready:
            self.proxy.wait_for_log(ready)
        wait_until(self.answers)

    def published(self, port):
        """Return the port on this machine for one of the proxy's ports."""
        return self.proxy.handle.network_settings.ports[port][0]["HostPort"]

    def answers(self):
        """Whether the certificate exists, and Gunicorn responds."""
        try:
            return self.get("/health/").status_code == 200
        except httpx.TransportError:
            return False

    @property
    def options(self):
        """What httpx needs to request the site's name from this machine."""
        name = {"extensions": {"sni_hostname": DOMAIN}, "headers": {"Host": DOMAIN}}
        return {"verify": self.verify, "timeout": PATIENCE, **name}

    def get(self, path, headers=None, port=None):
        """Send a request over HTTPS, and trust only the authority."""
        base = f"https://127.0.0.1:{port or self.https}"
        with httpx.Client(base_url=base, **self.headed(headers)) as client:
            return client.get(path, extensions=self.options["extensions"])

    def log_in(self):
        """Create an administrator, and post the admin's form as a browser does."""
        web = self.stack.service("web")
        web.exec("python", "manage.py", "migrate")
        web.exec("python", "manage.py", "shell", "--command", CREATE)
        path = f"https://127.0.0.1:{self.https}/admin/login/?next=/admin/"
        name = self.options["extensions"]
        with httpx.Client(**self.headed({"Origin": f"https://{DOMAIN}"})) as browser:
            page = browser.get(path, extensions=name)
            form = ADMIN | forms.token_of(page.text)
            return browser.post(path, data=form, extensions=name)

    def headed(self, headers=None):
        """Return options of a client that requests the site's name with more headers."""
        options = self.options
        del options["extensions"]
        options["headers"] |= headers or {}
        return options

    def connect(self):
        """Return the certificate and the protocol that a browser gets."""
        with (
            socket.create_connection(("127.0.0.1", int(self.https)), PATIENCE) as tcp,
            self.tls.wrap_socket(tcp, server_hostname=DOMAIN) as connection,
        ):
            return connection.getpeercert(), connection.selected_alpn_protocol()


@pytest.fixture(scope="session")
def certified(docker, app_image, build, official, tmp_path_factory):
    """Return a context manager that starts a Compose file with a proxy and two more services.

    `name` is the proxy's service; `static` and `web` are the guide's images. `texts` are files
    next to the Compose file; the options are differences in the proxy's service, and `web` in
    Gunicorn's, in Compose's own keys. `ready` is a line in the proxy's log to wait for.
    """
    official(CADDY)

    @contextmanager
    def certified(file, name, texts=None, web=None, ready="", **proxy: object):
        folder = tmp_path_factory.mktemp(name)
        beside = {"settings.py": SETTINGS + SECURE, "authority.Caddyfile": AUTHORITY}
        beside["authority.yaml"] = json.dumps({"services": {"authority": authority()}})
        for path, text in {**beside, **(texts or {})}.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text)
        services = {
            name: {
                "ports": ["80", "443"],
                "environment": {"SSL_CERT_FILE": "/root.crt"},
                "volumes": ["./root.crt:/root.crt:ro", *proxy.pop("volumes", ())],
                "networks": {"default": {"aliases": [DOMAIN]}},
                **proxy,
            },
            "static": {"image": build(STATIC, files=CONF)},
            "web": {
                "image": app_image,
                "volumes": ["./settings.py:/app/core/settings.py:ro"],
                **(web or {}),
            },
        }
        env = {"DOMAIN": DOMAIN, "DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
        stack = Stack(docker, folder, file, services, ENVIRONMENT | env)
        try:
            yield Site(stack, name, ready)
        finally:
            stack.down()

    return certified


def authority():
    """Return the service with Let's Encrypt's name on the test's network."""
    return {
        "image": CADDY,
        "pull_policy": "never",
        "labels": {engine.LABEL: os.environ["PROOFS_RUN"]},
        "networks": {"default": {"aliases": [LETS_ENCRYPT]}},
        "volumes": ["./authority.Caddyfile:/etc/caddy/Caddyfile:ro"],
    }
