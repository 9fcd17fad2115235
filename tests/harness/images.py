"""Images of the snippets: built once per run, however many tests and workers use them."""

import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from filelock import FileLock
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from guide.names import saved
from harness import PROJECT, ROOT, SNIPPETS, engine
from harness.engine import base_images
from harness.engine.needs import needs_of
from harness.texts import edited

UNTRACKED = shutil.ignore_patterns("__pycache__", "*.mo", "staticfiles", "db.sqlite3")
NOT_FOUND = 127  # the exit code of `docker run` if the image has no such program
VERSIONS = (ROOT / "tests/probes/versions.py").read_text()


class Builder:
    """Builds images whose tags belong to one run; all its workers have the directory `shared`."""

    def __init__(
        self, docker: DockerClient, run: str, shared: Path, say: Callable[[str], None] = print
    ) -> None:
        """Build nothing yet. `say` gets a line when an image is pulled."""
        self.docker, self.run, self.shared, self.say = docker, run, shared, say
        self.built: set[str] = set()  # tags that certainly exist
        self.bases: set[str] = set()  # base images, too

    def build(
        self,
        dockerfile: Path,
        *,
        files: Sequence[str] = (),
        changes: dict[str, str] | None = None,
        requirements: dict[str, str] | None = None,
        project: Path = PROJECT,
        edits: dict[str, str] | None = None,
    ) -> str:
        """Build a Dockerfile in a clean copy of the sample project, and return the image's tag.

        `files` are other snippets, saved under the names that the page gives them; `changes` are
        texts of files of the project, by path; `requirements` are other versions, by package;
        `project` is a directory to use instead of the sample project; `edits` are changes of the
        Dockerfile, as for `edited`.
        Raises EngineError if a base image is not available, DockerException if a step fails.
        """
        text = edited(dockerfile.read_text(), edits or {})
        needs_of(self.docker, text)
        asked = repr((dockerfile, text, files, changes, requirements, project))
        tag = self.tag(sha256(asked.encode()).hexdigest()[:12])
        if tag in self.built:
            return tag
        name = tag.partition(":")[2]
        with FileLock(self.shared / f"{name}.lock"):
            if not (self.shared / f"{name}.json").exists():
                self.have_bases(dockerfile)
                context = self.shared / name
                shutil.copytree(project, context, ignore=UNTRACKED, dirs_exist_ok=True)
                _change(context, files, changes or {}, requirements or {})
                file = dockerfile
                if edits:
                    file = self.shared / f"{name}.Dockerfile"
                    file.write_text(text)
                # `docker build`, or `podman build`
                self.docker.legacy_build(context, file=file, tags=tag)
                (self.shared / f"{name}.json").write_text(
                    json.dumps(self._look_inside(tag, dockerfile))
                )
        self.built.add(tag)
        return tag

    def build_aloud(
        self, dockerfile: Path, folder: Path, *options: str | Path
    ) -> subprocess.CompletedProcess[str]:
        """Build a Dockerfile in a directory, and return the output, even if the build fails.

        `options` are additional options of `docker build`. All that it printed is in `stderr`:
        Podman prints on the other stream what a step prints.
        """
        self.have_bases(dockerfile)
        command = [*self.docker.client_config.docker_cmd, "build", "--progress=plain"]
        command += ["--tag", self.tag(uuid.uuid4().hex), "--file", dockerfile, *options, folder]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        done.stderr = done.stdout + done.stderr
        return done

    def files(self, dockerfile: str, context: dict[str, str], folder: Path) -> Path:
        """Build a Dockerfile next to some files, and return a directory with its last stage.

        `folder` is for both; the last stage never becomes an image.
        """
        folder.mkdir(exist_ok=True)
        for name, text in {"Dockerfile": dockerfile, **context}.items():
            (folder / name).write_text(text)
        self.have_bases(folder / "Dockerfile")
        command = [*map(str, self.docker.client_config.docker_cmd), "build", "--quiet"]
        subprocess.check_call([*command, "--output", folder / "made", folder])
        return folder / "made"

    def have_bases(self, dockerfile: Path) -> None:
        """Pull a Dockerfile's base images that are missing, and build their most common step."""
        names = base_images.names(dockerfile)
        self.have(names)
        if self.docker.client_config.client_type == "docker":
            for name in names:
                self._build_first_step(name)

    def _build_first_step(self, base: str) -> None:
        """Build the step with which the stages on a base image begin, once per run.

        While a build runs that made a shared step, BuildKit repeats the cached steps of other
        builds on top of it: https://github.com/moby/buildkit/pull/6954
        """
        folder = self.shared / f"{sha256(base.encode()).hexdigest()[:12]}-first-step"
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                folder.mkdir()
                (folder / "Dockerfile").write_text(f"FROM {base}\nWORKDIR /app\n")
                command = [*map(str, self.docker.client_config.docker_cmd), "build", "--quiet"]
                subprocess.check_call([*command, "--output", "type=cacheonly", folder])

    def have(self, images: Iterable[str]) -> None:
        """Pull the official images that are missing; the private engine may build stand-ins."""
        missing = set(images) - self.bases
        private = engine.is_private(self.docker)
        base_images.ensure(self.docker, missing, engine.CACHE, stand_ins=private, say=self.say)
        self.bases |= missing

    def tag(self, name: str) -> str:
        """Return a tag that is removed when the run ends."""
        return f"{engine.REPOSITORY}:{self.run}-{name}"

    def contents(self, tag: str) -> list[tuple[str, str]]:
        """Return what an image was built from and with: pairs of a name and a version."""
        path = self.shared / f"{tag.partition(':')[2]}.json"
        return [tuple(pair) for pair in json.loads(path.read_text())]

    def _look_inside(self, tag: str, dockerfile: Path) -> list[tuple[str, str]]:
        found = [self._engine, *self._versions(tag)]
        bases = base_images.names(dockerfile)
        return found + [base_images.described(self.docker, base) for base in bases]

    @cached_property
    def _engine(self) -> tuple[str, str]:
        return self.docker.client_config.client_type.title(), engine.version(self.docker)

    def _versions(self, tag: str) -> list[tuple[str, str]]:
        """Return the versions that Python reports in an image, run only once for all test runs."""
        known = engine.CACHE / "inside" / self.docker.image.inspect(tag).id.partition(":")[2]
        if not known.exists():
            try:
                inside = self.docker.run(tag, ["-c", VERSIONS], entrypoint="python", remove=True)
            except DockerException as error:
                if error.return_code != NOT_FOUND:
                    raise
                inside = "{}"  # an image without Python, such as nginx's
            known.parent.mkdir(parents=True, exist_ok=True)
            known.write_text(inside)
        return list(json.loads(known.read_text()).items())


def _change(
    context: Path, files: Sequence[str], changes: dict[str, str], requirements: dict[str, str]
) -> None:
    """Put a test's files, texts and versions into a copy of the project."""
    for file in files:
        shutil.copy(SNIPPETS / file, context / saved(file))
    for path, text in changes.items():
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        (context / path).write_text(text)
    pins = context / "requirements.txt"
    for package, version in requirements.items():
        pin, found = re.subn(rf"(?m)^{package}==\S+", f"{package}=={version}", pins.read_text())
        assert found, f"{package} is not in requirements.txt"
        pins.write_text(pin)
