"""The Compose file of docs/compose.md, beside the files that its page has a reader save."""

import os
import shlex
import shutil
import subprocess
from contextlib import contextmanager
from uuid import uuid4

import pytest

from guide.names import saved
from harness import ENVIRONMENT, SNIPPETS
from harness.stack import Stack
from harness.texts import edited
from scenarios.health_checks import CHANGES as CHECKED

FILE = "compose/production.compose.yaml"
APP, STATIC = "dockerfile/app.Dockerfile", "static-files/nginx.Dockerfile.static"
CHECK = "health-checks/without-curl.healthcheck.py"
ONE_BY_ONE = "updates/one-by-one.update.sh"
POST = {"methods": ["POST"], "data": {"text": "kept"}}  # of a Load that writes rows
PROXY = "proxy/nginx.default.conf"
BESIDE = [PROXY, "compose/make.secrets.sh"]
KEY = (SNIPPETS / "secrets/from-a-file.settings.py").read_text()
DATABASE = (SNIPPETS / "compose/password-file.settings.py").read_text()
SETTINGS = CHECKED["core/settings.py"]
[BEFORE] = [line for line in SETTINGS.splitlines() if line.startswith("DATABASES")]
CHANGES = CHECKED | {
    "core/settings.py": edited(
        SETTINGS, {'SECRET_KEY = os.environ["SECRET_KEY"]': KEY, BEFORE: DATABASE}
    ),
}


class Production(Stack):
    """The site of docs/compose.md, whose `web` is an image that a test may replace."""

    def __init__(self, docker, builder, folder, images, services=None) -> None:
        """Save all files, and make the secrets with the page's script."""
        self.image = builder.tag(f"web-of-{uuid4().hex[:12]}")
        self.release(images["web"], docker)
        used = {"web": {"image": self.image}, "migrate": {"image": self.image}}
        used |= {"nginx": {"image": images["static"]}}
        for name, keys in (services or {}).items():
            used[name] = {**used.get(name, {}), **keys}
        for snippet in BESIDE:
            shutil.copy(SNIPPETS / snippet, folder / saved(snippet))
        super().__init__(docker, folder, FILE, used, ENVIRONMENT)
        subprocess.run(["sh", "secrets.sh"], cwd=folder, check=True)

    def release(self, image, docker=None):
        """Let the name of the app's image mean another one, as a build does."""
        (docker or self.docker).tag(image, self.image)

    def script(self, snippet):
        """Run a script of snippets/ as a reader does who has no project beside this one."""
        shim = self.folder / "bin/docker"
        shim.parent.mkdir(exist_ok=True)
        program = shlex.join(map(str, self.docker.client_config.docker_cmd))
        shim.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        shim.chmod(0o755)
        env = {"COMPOSE_FILE": "compose.yaml:override.yaml", "COMPOSE_PROJECT_NAME": self.project}
        env |= {"PATH": f"{shim.parent}:{os.environ['PATH']}"}
        return subprocess.run(
            [SNIPPETS / snippet],
            check=False,
            cwd=self.folder,
            env=self.env | env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def up(self, *services):
        """Start the services, and wait for nginx too, which has no health check."""
        super().up(*services)
        if not services:
            self.service("nginx").wait_for_log("start worker process")


@pytest.fixture(scope="session")
def producing(docker, build, builder, official, tmp_path_factory):
    """Return a context manager that brings the site up, for fixtures that several tests share.

    `only` are the services to start, if not all; `services` tells what is otherwise than in
    the page's file; `texts` are files beside it.
    """

    @contextmanager
    def producing(*only, services=None, texts=None):
        official("postgres:18")
        folder = tmp_path_factory.mktemp("production")
        for name, text in (texts or {}).items():
            (folder / name).write_text(text)
        site = Production(docker, builder, folder, images(build), services)
        try:
            site.up(*only)
            yield site
        finally:
            site.down()

    return producing


def images(build, changes=None):
    """Build the app with the files of the pages, and the image of nginx."""
    web = build(APP, files=[CHECK], changes=CHANGES | (changes or {}))
    return {"web": web, "static": build(STATIC, files=[PROXY])}
