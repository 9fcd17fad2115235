"""A robot that follows a page literally: it saves the files and runs the commands, in order."""

import ast
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import httpx
import pytest
import yaml

from guide.names import is_wrong, saved
from harness import PROBES, ROOT, SNIPPETS, engine
from harness.container import PATIENCE, Container, wait_until
from harness.engine import base_images
from harness.images import Builder
from harness.stack import Stack
from harness.texts import edited
from scenarios.forms import token_of

INCLUDE = re.compile(r"(?m)^```\{literalinclude\} (?:\.\./)+snippets/(\S+)\n((?::.*\n)*)```$")
CAPTION = re.compile(r"(?m)^:caption: (.*)$")
EXCERPT = re.compile(r"(?m)^:start-at: (.*)$")
LEFT_OUT = re.compile(r"\.secrets/|.+\.env$|.*\.pyc$|override\.yaml$")  # secrets, and what is ours
OF_A_CONTAINER = re.compile(r"\bdocker (exec|inspect|logs|restart|rm|start|stop) ")
TO_COMPOSE = ["settings", "dockerfile", "static-files", "health-checks", "compose"]
# The commands and the Dockerfile of a first try, the settings of others, and the first user.
TRIED = ["dockerfile/build.console", "dockerfile/run.console", "dockerfile/shortest.Dockerfile"]
TRIED += ["static-files/build.console", "start/replace.console", "health-checks/status.console"]
TRIED += ["compose/superuser.console", "compose/password-file.settings.py"]
COMMAND = re.compile(r"\$ ((?:.*\\\n)*.*)\n")
SAVE = 'mkdir -p "$(dirname "$1")" && printf %s "$2" > "$1"'
BELOW = "directly below the `services:` line"
MORE = re.compile("Add (this line|these lines) to your requirements")


class Walk:
    """A reader's path through pages, in a separate directory.

    It replaces everything that two walks on one engine would share: the tags of the images, the
    names of containers, volumes and Compose projects, and the ports.
    """

    def __init__(self, builder: Builder, replay: Callable[..., str], folder: Path) -> None:
        """Begin in a directory, with a new volume."""
        self.builder, self.replay, self.folder = builder, replay, folder
        self.docker = builder.docker
        self.settings = folder / "core/settings.py"
        own, run = f"walk-{uuid.uuid4().hex[:8]}", os.environ["PROOFS_RUN"]
        self.labels = {engine.LABEL: run}
        self.image, self.static = builder.tag(own), builder.tag(f"{own}-static")
        self.volume = f"{engine.REPOSITORY}-{run}-{own}"
        self.container: Container | None = None
        self.stack: Stack | None = None
        self.built: dict[str, dict] = {}
        self.files: list[str] = []  # of the Compose project
        self.pulled: list[str] = []  # images to remove at the end
        self.docker.volume.create(self.volume, labels=self.labels)

    def begin(self, project: Path) -> None:
        """Begin with a project that exists."""
        shutil.copytree(project, self.folder, dirs_exist_ok=True)
        self.folder.chmod(0o755)  # as a reader's; the copy's mode is that of a temporary directory

    def begin_compose(self, project: Path) -> None:
        """Begin with what the archive of docs/compose.md contains, and create the secrets.

        Its pages are followed in test_pages_lead_to_a_site_and_its_update.
        """
        self.begin(project)
        for page in TO_COMPOSE:
            self.follow(page, without=TRIED)
        self.follow("updates")
        self.run("updates", "chmod +x update.sh")
        self.run("compose", "sh secrets.sh")

    def follow(self, page: str, *, without: Sequence[str] = ()) -> None:
        """Do what the blocks of a page show, in their order, but for those in `without`."""
        for snippet, options in _blocks(page, without):
            self.do(snippet, options)

    def do(self, snippet: str, options: str = "") -> None:
        """Run a command, append settings to the project's, or save a file under its caption.

        The block's options may show a part of a Dockerfile only, which goes to its end; lines for
        an .env that exists go there too. Requirements and indented services are added to the
        project's file if their page says so, and hooks are added to a gunicorn.conf.py that exists.
        """
        name, text = saved(snippet), (SNIPPETS / snippet).read_text()
        caption, excerpt = CAPTION.search(options), EXCERPT.search(options)
        page = _text(snippet.partition("/")[0])
        file = self.folder / (caption[1] if caption else name)
        if name == "console":
            self.type(snippet)
        elif name == "settings.py":
            self.settings.write_text(self.settings.read_text() + text)
        elif excerpt:
            file.write_text(file.read_text() + text[text.index(excerpt[1]) :])
        elif (name == ".env" and file.exists()) or (
            name == "requirements.txt" and MORE.search(page)
        ):
            self.add(name, text)
        elif name == "gunicorn.conf.py" and file.exists():
            assert "merge hooks that have the same name" in page
            file.write_text(_merged(file.read_text(), text))
        elif name == "compose.yaml" and text.startswith("  "):
            assert BELOW in page
            file.write_text(edited(file.read_text(), {"\nservices:\n": f"\nservices:\n{text}"}))
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        if name in {"compose.yaml", "compose.override.yaml"}:
            self._compose(snippet, file.read_text())

    def type(self, snippet: str) -> str:
        """Run a transcript's command, compare its output, and return it."""
        text = (SNIPPETS / snippet).read_text()
        self.builder.have(name for name in base_images.STAND_INS if f" {name} " in text)
        if "docker build" in text:
            named = re.search(r"--file (\S+)", text)
            self.builder.have_bases(self.folder / (named[1] if named else "Dockerfile"))
        of_it = self.container and OF_A_CONTAINER.search(text)
        names = {"web": self.container.handle.id if of_it else self.image}
        names |= {"web-static": self.static, "web-data": self.volume}
        if "State.Health" in text:  # a reader looks again
            wait_until(lambda: self.container.handle.state.health.status != "starting")
        if "docker compose" in text:
            printed = self.replay(snippet, cwd=self.folder, env=self.stack.typed)
        else:
            printed = self.replay(snippet, cwd=self.folder, **names)
        if "--detach" in text:
            started = self.docker.container.inspect(printed.strip())
            self.container = Container(self.docker, started)
            self.container.wait_for_log("Listening at")
        return printed

    def add(self, path: str, text: str) -> None:
        """Append a reader's own text to a file of the project, which may be new."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((file.read_text() if file.exists() else "") + text)

    def build(self) -> None:
        """Build the app's image with the project as it is now."""
        self.builder.have_bases(self.folder / "Dockerfile")
        self.docker.legacy_build(self.folder, tags=self.image, labels=self.labels)

    def read(self, path: str) -> str:
        """Return the text of a file of the project."""
        return (self.folder / path).read_text()

    def edit(self, path: str, changes: dict[str, str]) -> None:
        """Change a file of the project as a sentence of a page says."""
        (self.folder / path).write_text(edited(self.read(path), changes))
        if path in self.files:
            self._prepare(self.read(path))
            self.stack.use(self.built, *self.files)

    def add_views(self, probe: str) -> None:
        """Add a reader's own views to the project, from a file in tests/probes."""
        self.add(f"core/{probe}.py", (PROBES / f"{probe}.py").read_text())
        self.add("core/urls.py", f"\nfrom core import {probe}\n")
        self.add("core/urls.py", f"urlpatterns += {probe}.urlpatterns\n")

    def rows(self, query: str) -> list[str]:
        """Return a query's rows from the app's database."""
        psql = ["exec", "-T", "db", "psql", "-qAt", "--dbname", "app", "--command"]
        return self.stack.read(*psql, query).splitlines()

    def run(self, page: str, command: str) -> str:
        """Run a command that a sentence of a page shows, and return what it printed."""
        assert f"`{command}`" in _text(page), f"docs/{page}.md does not show `{command}`"
        done = self.stack.shell(command)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def _prepare(self, text: str) -> None:
        """Get the images of a Compose file, and give its own images the tags of this walk."""
        labels = {"labels": self.labels}
        tags = {"web": self.image, "web-static": self.static, "static": self.static}
        services = _ComposeLoader(text).get_single_data()["services"]
        pulled = [s for s in services.values() if "image" in s and not s.get("build")]
        images = [service["image"] for service in pulled]
        self.builder.have(image for image in images if "$" not in image)
        for name, service in services.items():
            if service.get("build"):
                image = tags[service.get("image", name)]
                self.built[name] = {"image": image, "build": labels}
            elif "build" in service:  # reset; the engine need not have the image yet
                self.built[name] = {"pull_policy": "missing"}

    def _compose(self, snippet: str, text: str) -> None:
        """Prepare the Compose project of a file that has been saved."""
        self._prepare(text)
        if saved(snippet) not in self.files:
            self.files.append(saved(snippet))
        if not self.stack:
            self.stack = Stack(self.docker, self.folder, snippet, self.built, {})
        else:
            self.stack.use(self.built, *self.files)

    def archive(self, page: str) -> Path:
        """Write the project to the archive that the page offers, and return it.

        The files with keys and passwords are omitted.
        """
        path = ROOT / f".cache/archives/{page}.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        found = {f.relative_to(self.folder).as_posix(): f for f in sorted(self.folder.rglob("*"))}
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for name, file in found.items():
                if file.is_file() and not LEFT_OUT.match(name):
                    entry = ZipInfo(f"{page}/{name}", (2026, 1, 1, 0, 0, 0))
                    entry.external_attr = (file.stat().st_mode & 0o755) << 16
                    archive.writestr(entry, file.read_bytes(), ZIP_DEFLATED)
        return path

    def end(self) -> None:
        """Remove what a page has created."""
        if self.stack:
            self.stack.down()
        if self.container and self.docker.container.exists(self.container.handle.id):
            self.container.remove()
        for image in self.pulled:
            if self.docker.image.exists(image):
                self.docker.image.remove(image)
        if self.docker.volume.exists(self.volume):
            self.docker.volume.remove(self.volume)


@pytest.fixture
def walk(builder, replay, tmp_path) -> Iterator[Walk]:
    """Begin a walk in an empty directory."""
    walk = Walk(builder, replay, tmp_path / "project")
    walk.folder.mkdir()
    yield walk
    walk.end()


def follow_on(machine: Container, page: str, *, without: Sequence[str] = ()) -> None:
    """Do on a machine what the blocks of a page show, in their order, as root.

    A file is saved under the path in its caption, or in the directory in which the machine starts.
    Raises DockerException if a command fails.
    """
    for snippet, options in _blocks(page, without):
        text, caption = (SNIPPETS / snippet).read_text(), CAPTION.search(options)
        if saved(snippet) == "console":
            command = COMMAND.match(text)[1]
            machine.exec("sh", "-ec", command)
        else:
            machine.exec("sh", "-ec", SAVE, "sh", caption[1] if caption else saved(snippet), text)


@contextmanager
def log_in(address: str, **options: object) -> Iterator[httpx.Client]:
    """Log in to the admin with the name and password of the pages; options are httpx's."""
    options = {"follow_redirects": True, "timeout": PATIENCE, **options}
    with httpx.Client(base_url=address, **options) as admin:
        form = admin.get("/admin/login/?next=/admin/").text
        data = {"username": "admin", "password": "first-try", "next": "/admin/"}
        page = admin.post("/admin/login/", data=data | token_of(form), headers=form_headers(admin))
        assert "Site administration" in page.text, page.text
        yield admin


def add(admin: httpx.Client, group: str) -> None:
    """Save a group in the admin's form."""
    form = admin.get("/admin/auth/group/add/").text
    saved = admin.post(
        "/admin/auth/group/add/", data={"name": group} | token_of(form), headers=form_headers(admin)
    )
    assert "was added successfully" in saved.text, saved.text


def upload(admin: httpx.Client) -> None:
    """Upload a file of 5 MB with the form of probes/upload_form.py, and compare its SHA-256."""
    content = os.urandom(5_000_000)
    page = admin.get("/upload/").text
    answer = admin.post(
        "/upload/", data=token_of(page), files={"file": content}, headers=form_headers(admin)
    )
    assert answer.text == hashlib.sha256(content).hexdigest(), answer.text


def styles(admin: httpx.Client) -> list[httpx.Response]:
    """Request every stylesheet that the admin's first page links to."""
    page = admin.get("/admin/").text
    return [admin.get(path) for path in re.findall(r'href="(/static/\S+\.css)"', page)]


def form_headers(admin: httpx.Client) -> dict[str, str]:
    """Return the headers that a browser sends with a form, so that Django checks them."""
    host = admin.headers.get("Host") or admin.base_url.netloc.decode()
    origin = f"{admin.base_url.scheme}://{host}"
    return {"Origin": origin, "Referer": f"{origin}/admin/"}


class _ComposeLoader(yaml.SafeLoader):
    """A loader that understands Compose's `!reset`, which removes a value."""


_ComposeLoader.add_constructor("!reset", lambda *_: None)


def _merged(first: str, second: str) -> str:
    """Return two configuration files as one: hooks with the same name run both bodies."""
    tree, more = ast.parse(first), ast.parse(second)
    hooks = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in more.body:
        if isinstance(node, ast.FunctionDef) and node.name in hooks:
            hook = hooks[node.name]
            assert ast.unparse(hook.args) == ast.unparse(node.args)
            hook.body += node.body
        else:
            tree.body.append(node)
    return f"{ast.unparse(tree)}\n"


def _blocks(page: str, without: Sequence[str]) -> list[tuple[str, str]]:
    """Return the snippets that a page shows to be copied, with the options of their blocks."""
    found = INCLUDE.findall(_text(page))
    return [(name, options) for name, options in found if not (is_wrong(name) or name in without)]


def _text(page: str) -> str:
    return (ROOT / f"docs/{page}.md").read_text()
