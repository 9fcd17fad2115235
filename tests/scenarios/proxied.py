"""nginx with the file of docs/proxy.md, and Gunicorn behind it: for the pages about the two."""

import os
from hashlib import sha256
from uuid import uuid4

import pytest

from guide.names import saved
from harness import SNIPPETS, engine, name_server
from harness.container import wait_until

APP = "dockerfile/app.Dockerfile"
STATIC = "static-files/nginx.Dockerfile.static"
CONF = "proxy/nginx.default.conf"
TEXT = (SNIPPETS / CONF).read_text()
STARTED = "start worker process"
KEPT = 2  # sites of one worker: an ordinary Docker has addresses for thirty networks in all
SERVE = ("gunicorn", "core.wsgi", "--no-control-socket", "--bind", "0.0.0.0:8000")


class Proxied:
    """Two containers on a network of their own; nginx is asked as a Container is."""

    def __init__(self, docker, build, run, folder, name) -> None:
        """Make the network; start nothing yet."""
        self.network = f"proofs-{os.environ['PROOFS_RUN']}-{name}"
        docker.network.create(self.network, labels={engine.LABEL: os.environ["PROOFS_RUN"]})
        self.docker, self.containers = docker, []
        self.gateway = name_server.gateway(docker, self.network)
        self.build, self.run, self.folder = build, run, folder

    def start_web(self, *command, env=None, image=None, **options: object):
        """Start one more container of the name that nginx knows, which believes whoever asks."""
        env = {"FORWARDED_ALLOW_IPS": "*", **(env or {})}
        named = {"networks": [self.network], "network_aliases": ["web"]}
        image = image or self.build(APP)
        self.web = self.run(image, *command, env=env, **named, **options)
        self.containers.append(self.web)
        return self.web

    def start_nginx(self, text=TEXT, locations=(), others=None, volumes=(), **options: object):
        """Start nginx with the page's file or another, and with further files, by their paths.

        In these, GATEWAY stands for the address at which nginx sees this machine.
        """
        text = name_server.naming(self.docker, self.network, text)
        files = {"conf.d/default.conf": text} if text != TEXT else {}
        files |= {f"locations/{saved(path)}": (SNIPPETS / path).read_text() for path in locations}
        files |= others or {}
        mounts = [(self._save(t), f"/etc/nginx/{path}", "ro") for path, t in files.items()]
        image = self.build(STATIC, files=[CONF])
        options = {"ready": STARTED, "networks": [self.network], **options}
        options |= {"network_aliases": ["nginx"], "volumes": [*mounts, *volumes]}
        self.nginx = self.run(image, **options)
        self.containers.append(self.nginx)
        return self.nginx

    def start(self, *command, nginx=None, **web: object):
        """Start both, and wait until the one answers for the other."""
        self.start_web(*command, **web)
        self.start_nginx(**nginx or {})
        assert wait_until(lambda: self.get("/health/").status_code != 502), self.nginx.logs()
        return self

    def remove(self):
        """Remove the containers and the network."""
        for container in self.containers:
            container.remove()
        self.docker.network.remove(self.network)

    @property
    def address(self):
        """Return the base of the URL of nginx."""
        return self.nginx.address

    def get(self, path="/", **options: object):
        """Ask nginx."""
        return self.nginx.get(path, **options)

    def _save(self, text):
        text = text.replace("GATEWAY", self.gateway)
        path = self.folder / sha256(text.encode()).hexdigest()[:12]
        path.write_text(text)
        return path


@pytest.fixture
def proxied(docker, build, run, tmp_path):
    """Return nginx and Gunicorn, neither of them started, which go with the test."""
    proxied = Proxied(docker, build, run, tmp_path, uuid4().hex[:12])
    yield proxied
    proxied.remove()


@pytest.fixture(scope="session")
def proxied_sites():
    """Return the sites that tests of this worker share, the last one used at the end."""
    sites = {}
    yield sites
    for site in sites.values():
        site.remove()


@pytest.fixture
def proxied_once(docker, build, run_until_removed, tmp_path_factory, proxied_sites):
    """Return a function that starts both, for tests that only look: they share what is alike."""
    folder, kept = tmp_path_factory.getbasetemp(), proxied_sites

    def proxied_once(*command, **options: object):
        asked = repr((command, options))
        if asked in kept:
            build(STATIC, files=[CONF])  # what is inside goes with the result of this test too
            if "image" not in options:
                build(APP)
            kept[asked] = kept.pop(asked)
            return kept[asked]
        while len(kept) >= KEPT:
            kept.pop(next(iter(kept))).remove()
        site = Proxied(docker, build, run_until_removed, folder, uuid4().hex[:12])
        try:
            kept[asked] = site.start(*command, **options)
        except BaseException:
            site.remove()
            raise
        return site

    return proxied_once


def with_settings(folder, text="", urls="urlpatterns = []", files=()):
    """Return the options of a Gunicorn whose Django has more settings, addresses and files.

    `files` are snippets, which lie in the package `core` under the names that a page gives them.
    """
    extra = folder / "extra"
    extra.mkdir(exist_ok=True)
    settings = f'from core.settings import *\nROOT_URLCONF = "more_urls"\n{text}\n'
    (extra / "more_settings.py").write_text(settings)
    imports = "from django.urls import path\nfrom core import urls"
    (extra / "more_urls.py").write_text(
        f"{imports}\n{urls}\nurlpatterns = [*urlpatterns, *urls.urlpatterns]\n"
    )
    mounts = [(SNIPPETS / path, f"/app/core/{saved(path)}", "ro") for path in files]
    env = {"PYTHONPATH": "/extra", "DJANGO_SETTINGS_MODULE": "more_settings"}
    return {"env": env, "volumes": [(extra, "/extra", "ro"), *mounts]}
