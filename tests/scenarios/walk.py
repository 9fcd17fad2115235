"""A robot that follows a page literally: it saves the files and runs the commands, in order."""

import os
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from guide.names import is_wrong, saved
from harness import ROOT, SNIPPETS, engine
from harness.container import Container
from harness.engine import base_images
from harness.images import Builder

INCLUDE = re.compile(r"(?m)^```\{literalinclude\} (?:\.\./)+snippets/(\S+)$")
SECRET = re.compile(r".*\.(env|pyc)").fullmatch
OF_A_CONTAINER = re.compile(r"\bdocker (exec|inspect|logs|restart|rm|start|stop) ")


class Walk:
    """A reader's path through pages, in a separate directory.

    It replaces everything that two walks on one engine would share: the image's tag, the
    names of the container and the volume, and the port.
    """

    def __init__(self, builder: Builder, replay: Callable[..., str], folder: Path) -> None:
        """Begin in a directory, with a new volume."""
        self.builder, self.replay, self.folder = builder, replay, folder
        self.docker = builder.docker
        self.settings = folder / "core/settings.py"
        own, run = f"walk-{uuid.uuid4().hex[:8]}", os.environ["PROOFS_RUN"]
        self.image, self.volume = builder.tag(own), f"{engine.REPOSITORY}-{run}-{own}"
        self.container: Container | None = None
        self.docker.volume.create(self.volume, labels={engine.LABEL: run})

    def follow(self, page: str, *, without: tuple[str, ...] = ()) -> None:
        """Execute a page's blocks in order, except for those in `without`."""
        for snippet in INCLUDE.findall((ROOT / f"docs/{page}.md").read_text()):
            if not is_wrong(snippet) and snippet not in without:
                self.do(snippet)

    def do(self, snippet: str) -> None:
        """Run a command, append settings to the project's, or save a file."""
        name, text = saved(snippet), (SNIPPETS / snippet).read_text()
        if name == "console":
            self.type(snippet)
        elif name == "settings.py":
            self.settings.write_text(self.settings.read_text() + text)
        else:
            (self.folder / name).write_text(text)

    def type(self, snippet: str) -> None:
        """Run a transcript's command, and compare its output."""
        text = (SNIPPETS / snippet).read_text()
        self.builder.have(name for name in base_images.STAND_INS if f" {name} " in text)
        if "docker build" in text:
            self.builder.have_bases(self.folder / "Dockerfile")
        of_it = self.container and OF_A_CONTAINER.search(text)
        names = {"web": self.container.handle.id if of_it else self.image, "web-data": self.volume}
        printed = self.replay(snippet, cwd=self.folder, **names)
        if "--detach" in text:
            started = self.docker.container.inspect(printed.strip())
            self.container = Container(self.docker, started)
            self.container.wait_for_log("Listening at")

    def archive(self, page: str) -> Path:
        """Write the project to the archive that the page offers, and return it.

        The file with the key is omitted.
        """
        path = ROOT / f".cache/archives/{page}.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        keep = [f for f in sorted(self.folder.rglob("*")) if f.is_file() and not SECRET(f.name)]
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for file in keep:
                name = ZipInfo(f"{page}/{file.relative_to(self.folder)}", (2026, 1, 1, 0, 0, 0))
                archive.writestr(name, file.read_bytes(), ZIP_DEFLATED)
        return path

    def end(self) -> None:
        """Remove what a page has created."""
        if self.container and self.docker.container.exists(self.container.handle.id):
            self.container.remove()
        if self.docker.volume.exists(self.volume):
            self.docker.volume.remove(self.volume)


@pytest.fixture
def walk(builder, replay, tmp_path) -> Iterator[Walk]:
    """Begin a walk in an empty directory."""
    walk = Walk(builder, replay, tmp_path)
    yield walk
    walk.end()
