"""The Compose file of docs/compose.md with another service, for pages about such services."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import pytest

from harness import PROBES, PROJECT, SNIPPETS
from harness.container import wait_until
from harness.texts import edited
from scenarios.health_checks import CHECKED
from scenarios.health_checks import FILES as CHECK
from scenarios.production import CHANGES, FILE, HOST, Production

INIT = "(docker|podman)-init"  # what runs as PID 1 with `init: true`
PINS = "django-tasks-db==0.13.0\ndjango-stubs-ext==6.1.2\ntyping-extensions==4.16.0\n"
OF_TASKS = "background-tasks/in-the-database.settings.py"
WORKER = (SNIPPETS / "background-tasks/worker.compose.yaml").read_text()
NOTES = """
SELECT text FROM core_note WHERE text LIKE '{}%' AND text NOT LIKE '% go' ORDER BY id
"""
GO = "INSERT INTO core_note (text, created) VALUES ('{} go', now())"
ROWS = "SELECT coalesce(json_agg(found), '[]') FROM ({}) AS found"


def requirements(pins):
    """Return the sample project's requirements, and additional ones."""
    text = (PROJECT / "requirements.txt").read_text()
    marked = '\ntyping-extensions==4.16.0 ; python_version < "3.13"'
    return edited(text, {marked: ""}) + pins


def changes(probe, *files, pins=PINS, settings=OF_TASKS):
    """Return what adds tasks to the sample project: a probe, snippets by path, settings."""
    texts = {path: (SNIPPETS / snippet).read_text() for path, snippet in files}
    urls = (PROJECT / "core/urls.py").read_text()
    own = CHANGES["core/settings.py"] + (SNIPPETS / settings).read_text()
    return CHANGES | {
        **texts,
        f"core/{probe}.py": (PROBES / f"{probe}.py").read_text(),
        "core/urls.py": f"{urls}\nfrom core import {probe}\n\nurlpatterns += {probe}.urlpatterns\n",
        "core/settings.py": own,
        "requirements.txt": requirements(pins),
    }


class Background(Production):
    """A site of docs/compose.md whose Compose file has more services with the app's image."""

    def __init__(self, docker, builder, folder, image, services, edits) -> None:
        """Save all files, with the page's services in the place that the page gives."""
        text = (SNIPPETS / FILE).read_text()
        file = folder / "with-more.yaml"
        file.write_text(edited(text, edits))
        images = {"web": image, "static": image}
        reached = {"web": {"ports": ["8000"], **services.pop("web", {})}}
        super().__init__(docker, builder, folder, images, services | reached, file)

    def get(self, path):
        """Send a request to `web`."""
        return self.service("web").get(path, **HOST)

    def write(self, statement):
        """Run an SQL statement in the app's database, and return the output."""
        psql = ["exec", "-T", "db", "psql", "--username", "postgres", "-tAc"]
        return self.read(*psql, statement, "app")

    def rows(self, query):
        """Return a query's rows as dictionaries."""
        return json.loads(self.write(ROWS.format(query)))

    def notes(self, text):
        """Return the notes that start with a text, in order."""
        query = NOTES.format(text)
        return [row["text"] for row in self.rows(query)]

    def wait_for_note(self, text):
        """Return once a note exists."""
        assert wait_until(lambda: text in self.notes(text)), self.run("logs", "--tail", "50")

    @contextmanager
    def stopping(self, worker, says, *command):
        """Run a command, or `stop worker`; do more once the worker says that it stops."""
        before = worker.logs().count(says)
        with ThreadPoolExecutor(1) as background:
            stop = background.submit(self.run, *(command or ("stop", "worker")))
            worker.wait_for_log(says, count=before + 1)
            yield
            stop.result()

    def let_go(self, text):
        """Let a running task end."""
        self.write(GO.format(text))

    def scale(self, service, count):
        """Run this many containers of a service, and return them."""
        options = ["--detach", "--no-build", "--no-deps", "--no-recreate"]
        self.run("up", *options, "--scale", f"{service}={count}", service)
        return self.services(service)


@pytest.fixture(scope="session")
def with_services(docker, builder, build, official, tmp_path_factory):
    """Return a function that creates a Background with a HEALTHCHECK, but starts nothing.

    Its arguments are the changes to the sample project, the names of the additional services,
    their text, differences in services, by name, and more edits of the Compose file.
    """

    def with_services(project, names, more, services=None, edits=None):
        for image in re.findall(r"image: *(\S+:\S+)", more):
            official(image)
        official("postgres:18")
        image = build(CHECKED, files=CHECK, changes=project)
        own = builder.tag(f"services-of-{uuid4().hex[:12]}")
        docker.tag(image, own)
        ours = {name: {"image": own} for name in names}
        for name, keys in (services or {}).items():
            ours[name] = {**ours.get(name, {}), **keys}
        folder = tmp_path_factory.mktemp("background")
        edits = {"services:\n": f"services:\n{more}", **(edits or {})}
        site = Background(docker, builder, folder, image, ours, edits)
        site.own = own
        return site

    return with_services
