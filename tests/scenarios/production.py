"""The Compose file of docs/compose.md, next to the files that its page tells readers to save."""

import os
import shutil
from contextlib import contextmanager
from uuid import uuid4

import pytest

from guide.names import saved
from harness import PROJECT, SNIPPETS, engine
from harness.images import UNTRACKED
from harness.stack import Stack
from harness.texts import edited
from scenarios.health_checks import CHANGES as CHECKED

FILE = "compose/production.compose.yaml"
APP, STATIC = "dockerfile/app.Dockerfile", "static-files/nginx.Dockerfile.static"
CHECK = "health-checks/without-curl.healthcheck.py"
PROXY, ALONE = "proxy/nginx.default.conf", "static-files/nginx.default.conf"
NEXT_TO_IT = ["compose/make.secrets.sh", "compose/own.role.sh", "compose/hosts..env"]
NEXT_TO_IT += ["updates/one-by-one.update.sh"]
IN_THE_PROJECT = [APP, f"{APP}.dockerignore", STATIC, ALONE, CHECK]
BUILD = "docker compose up --build --wait"  # the page's command
UPDATE = "./update.sh"
HOST = {"headers": {"Host": "example.com"}}
POST = {"methods": ["POST"], "data": {"text": "kept"}, **HOST}  # for a Load that writes rows
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
    """The site of docs/compose.md, whose `web` is an image that a test can replace."""

    def __init__(self, docker, builder, folder, images=None, services=None, file=FILE) -> None:
        """Save all files, and create the secrets with the page's script.

        Without images, the whole project is saved too, and the file's own `build` builds them.
        `file` is a Compose file to use instead of the page's.
        """
        self.image = builder.tag(f"web-of-{uuid4().hex[:12]}")
        used = {"web": {"image": self.image}, "migrate": {"image": self.image}}
        if images:
            self.release(images["web"], docker)
            used |= {"nginx": {"image": images["static"]}}
        else:
            save_project(folder)
            used |= {"nginx": {"image": builder.tag(f"static-of-{uuid4().hex[:12]}")}}
            for service in used.values():
                service["build"] = {"labels": {engine.LABEL: os.environ["PROOFS_RUN"]}}
        for name, keys in (services or {}).items():
            used[name] = {**used.get(name, {}), **keys}
        for snippet in NEXT_TO_IT:
            shutil.copy(SNIPPETS / snippet, folder / saved(snippet))
        (folder / "nginx").mkdir()
        shutil.copy(SNIPPETS / PROXY, folder / "nginx" / saved(PROXY))
        super().__init__(docker, folder, file, used, {})
        assert self.shell("./secrets.sh").returncode == 0

    @property
    def conf(self):
        """The running nginx's file, as the reader has it."""
        return self.folder / "nginx" / saved(PROXY)

    def release(self, image, docker=None):
        """Give the app image's tag to another image, as a build does."""
        (docker or self.docker).tag(image, self.image)


@pytest.fixture(scope="session")
def producing(docker, build, builder, official, tmp_path_factory):
    """Return a context manager that runs the site, for fixtures that several tests share.

    `only` are the services to start, if not all; `services` has the differences from the
    page's file; `texts` are files next to it. With `built`, the page's command does everything,
    unless the images come from another engine, or the engine is Podman, which has no BuildKit.
    """
    builds = docker.client_config.client_type == "docker" and "PROOFS_IMAGES_FROM" not in os.environ

    @contextmanager
    def producing(*only, services=None, texts=None, built=False):
        official("postgres:18")
        built = built and builds
        folder = tmp_path_factory.mktemp("production")
        for name, text in (texts or {}).items():
            (folder / name).write_text(text)
        if built:
            for dockerfile in APP, STATIC:
                builder.have_bases(SNIPPETS / dockerfile)
        site = Production(docker, builder, folder, None if built else images(build), services)
        try:
            if built:
                done = site.shell(BUILD)
                assert done.returncode == 0, done.stdout
            else:
                site.up(*only)
            yield site
        finally:
            site.down()

    return producing


def images(build, changes=None):
    """Build the app with the pages' files, and nginx's image."""
    web = build(APP, files=[CHECK], changes=CHANGES | (changes or {}))
    return {"web": web, "static": build(STATIC, files=[ALONE])}


def save_project(folder):
    """Save the sample project, with the pages' files and settings, in a directory."""
    shutil.copytree(PROJECT, folder, ignore=UNTRACKED, dirs_exist_ok=True)
    for snippet in IN_THE_PROJECT:
        name = saved(snippet).removeprefix("Dockerfile" if "ignore" in snippet else "")
        shutil.copy(SNIPPETS / snippet, folder / name)
    for path, text in CHANGES.items():
        (folder / path).write_text(text)
