"""nginx with the file of docs/proxy.md, and Gunicorn behind it, for the pages about both."""

import os
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from uuid import uuid4

import pytest

from guide.names import saved
from harness import SNIPPETS, engine, name_server
from harness.container import wait_until
from harness.texts import edited

APP = "dockerfile/app.Dockerfile"
STATIC = "static-files/nginx.Dockerfile.static"
CONF = "proxy/nginx.default.conf"
TEXT = (SNIPPETS / CONF).read_text()
STARTED = "start worker process"
BY_DEFAULT = edited(TEXT, {"keepalive 0;": ""})  # nginx's connections persist
SERVE = ("gunicorn", "core.wsgi", "--no-control-socket", "--bind", "0.0.0.0:8000")


class Proxied:
    """Two containers on their own network; nginx handles requests like a Container."""

    def __init__(self, docker, build, run, folder) -> None:
        """Create the network; start nothing yet."""
        self.network = f"proofs-{os.environ['PROOFS_RUN']}-{uuid4().hex[:12]}"
        docker.network.create(self.network, labels={engine.LABEL: os.environ["PROOFS_RUN"]})
        self.docker, self.containers = docker, []
        self.gateway = name_server.gateway(docker, self.network)
        self.build, self.run, self.folder = build, run, folder

    def start_web(self, *command, env=None, image=None, **options: object):
        """Start another container under nginx's name for Gunicorn; it trusts every client."""
        env = {"FORWARDED_ALLOW_IPS": "*", **(env or {})}
        named = {"networks": [self.network], "network_aliases": ["web"]}
        image = image or self.build(APP)
        self.web = self.run(image, *command, env=env, **named, **options)
        self.containers.append(self.web)
        return self.web

    def start_nginx(self, *args, **options: object):
        """Start the nginx that gets the requests: see `nginx_options`."""
        image, options = self.nginx_options(*args, **options)
        self.nginx = self.run(image, network_aliases=["nginx"], **options)
        self.containers.append(self.nginx)
        return self.nginx

    def nginx_options(self, text=TEXT, locations=(), others=None, volumes=(), **options: object):
        """Return the image and the options of an nginx for `run`, possibly one more for a site.

        It has the page's file or another one, and more files by path, in which GATEWAY is
        replaced with the address at which nginx sees this machine.
        """
        text = name_server.naming(self.docker, self.network, text)
        files = {"conf.d/default.conf": text} if text != TEXT else {}
        files |= {f"locations/{saved(path)}": (SNIPPETS / path).read_text() for path in locations}
        files |= others or {}
        mounts = [(self._save(t), f"/etc/nginx/{path}", "ro") for path, t in files.items()]
        options = {"ready": STARTED, "networks": [self.network], **options}
        return self.build(STATIC, files=[CONF]), {"volumes": [*mounts, *volumes], **options}

    def start(self, *command, nginx=None, **web: object):
        """Start both, and wait until nginx forwards a response from Gunicorn."""
        self.start_web(*command, **web)
        self.start_nginx(**nginx or {})
        assert wait_until(lambda: self.get("/health/").status_code != 502), self.nginx.logs()
        return self

    def beside(self, run, *args, **options: object):
        """Start another nginx, with other files, in front of the same Gunicorn."""
        image, options = self.nginx_options(*args, **options)
        self.containers.append(run(image, **options))
        return self.containers[-1]

    def remove(self):
        """Remove the containers and the network."""
        for container in self.containers:
            container.remove()
        self.docker.network.remove(self.network)

    @property
    def address(self):
        """Return nginx's base URL."""
        return self.nginx.address

    def get(self, path="/", **options: object):
        """Send a request to nginx."""
        return self.nginx.get(path, **options)

    def _save(self, text):
        text = text.replace("GATEWAY", self.gateway)
        path = self.folder / sha256(text.encode()).hexdigest()[:12]
        path.write_text(text)
        return path


@pytest.fixture
def proxied(docker, build, run, tmp_path):
    """Return nginx and Gunicorn, not started yet, which are removed after the test."""
    proxied = Proxied(docker, build, run, tmp_path)
    yield proxied
    proxied.remove()


@pytest.fixture(scope="session")
def proxying(docker, build, running, tmp_path_factory):
    """Return a context manager that runs both, for fixtures that several tests share.

    Its arguments are those of Proxied.start.
    """

    @contextmanager
    def proxying(*command, **options: object):
        with ExitStack() as started:

            def run(*args: str, **more: object):
                return started.enter_context(running(*args, **more))

            site = Proxied(docker, build, run, tmp_path_factory.mktemp("proxied"))
            started.callback(site.remove)
            yield site.start(*command, **options)

    return proxying


@pytest.fixture(scope="module")
def by_the_page(proxying):
    """Return the site of docs/proxy.md, for a file's tests that only look at it."""
    with proxying() as site:
        yield site


def with_settings(folder, text="", urls="urlpatterns = []", files=()):
    """Return the options of a Gunicorn whose Django has more settings, URLs and files.

    `files` are snippets, saved in the package `core` under the names that a page gives them.
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
