"""A proxy that gets certificates by itself, from a Caddy in the place of Let's Encrypt."""

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

STATIC = "static-files/nginx.Dockerfile.static"
CONF = ["static-files/nginx.default.conf"]
CADDY = "caddy:2.11"
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


class Site:
    """A Compose file with a proxy that asks for certificates, and a Caddy as Let's Encrypt."""

    def __init__(self, stack, name) -> None:
        """Start the authority, trust it, and start the site, which requests a certificate from it.

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
        """Start the proxy, again if it runs, and wait until it answers by HTTPS."""
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
        """Return options of a client that requests the site's name with more headers."""
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


@pytest.fixture(scope="session")
def certified(docker, app_image, build, official, tmp_path_factory):
    """Return a context manager that starts a Compose file with a proxy and two more services.

    `name` is the proxy's; `static` and `web` are the images of the guide. `texts` are files
    beside the Compose file; options are what is otherwise in the proxy's service, in
    Compose's own keys.
    """
    official(CADDY)

    @contextmanager
    def certified(file, name, texts=None, **proxy: object):
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
            },
        }
        env = {"DOMAIN": DOMAIN, "DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
        stack = Stack(docker, folder, file, services, ENVIRONMENT | env)
        try:
            yield Site(stack, name)
        finally:
            stack.down()

    return certified


def authority():
    """Return the service that has Let's Encrypt's name in the network of the test."""
    return {
        "image": CADDY,
        "pull_policy": "never",
        "labels": {engine.LABEL: os.environ["PROOFS_RUN"]},
        "networks": {"default": {"aliases": [LETS_ENCRYPT]}},
        "volumes": ["./authority.Caddyfile:/etc/caddy/Caddyfile:ro"],
    }
