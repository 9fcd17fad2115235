"""The proofs of docs/dependencies.md."""

import re
import shutil
import subprocess
import uuid

import pytest
from filelock import FileLock
from python_on_whales.exceptions import DockerException

from images import PROJECT, SNIPPETS

PIP, UV = "dockerfile/app.Dockerfile", "dependencies/uv.Dockerfile"
LOCK = """
FROM python:3.14-slim AS lock
WORKDIR /app
COPY requirements.txt lock.sh .
RUN --mount=from=ghcr.io/astral-sh/uv:0.13.8,source=/uv,target=/bin/uv \\
    ./lock.sh && uv add --dev iniconfig==2.3.1
FROM scratch
COPY --from=lock /app/pyproject.toml /app/uv.lock /
"""
INSTALLED = """
from importlib.metadata import distributions
print(*sorted(f"{d.name}=={d.version}" for d in distributions() if d.name != "pip"))
"""


@pytest.fixture(scope="session")
def locked(docker, builder, tmp_path_factory):
    """Lock the sample project as the page tells, with a development package, once a run."""
    folder = builder.shared / "locked"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            context = tmp_path_factory.mktemp("to-lock")
            shutil.copy(PROJECT / "requirements.txt", context)
            shutil.copy(SNIPPETS / "dependencies/lock.sh", context)
            (context / "Dockerfile").write_text(LOCK)
            builder.have_bases(context / "Dockerfile")
            command = [*docker.client_config.docker_cmd, "build", "--quiet", "--output"]
            subprocess.check_call([*command, f"{folder}.files", context])
            shutil.copytree(PROJECT, folder)
            shutil.copytree(f"{folder}.files", folder, dirs_exist_ok=True)
    return folder


def test_only_the_install_differs(build, run, locked):
    """The files differ in one instruction, and both images hold the same versions."""
    pip, uv = (instructions(SNIPPETS / name) for name in (PIP, UV))
    images = build(PIP), build(UV, project=locked)
    versions = [run(i, "python", "-c", INSTALLED, ready="django==").logs() for i in images]

    [differing] = [pair for pair in zip(pip, uv, strict=True) if pair[0] != pair[1]]
    assert "pip install" in differing[0]
    assert versions[0] == versions[1]


def test_uv_image_serves(build, run, locked):
    """A German browser gets the German home page, with a hashed link to its stylesheet."""
    page = run(build(UV, project=locked)).get("/", headers={"Accept-Language": "de"}).text

    assert "Hallo von Django" in page
    assert re.search(r"/static/core/site\.[0-9a-f]{12}\.css", page)


def test_outdated_lock_fails_the_build(build, locked, tmp_path):
    """The project asks for another version than the lock has."""
    project = tmp_path / "project"
    shutil.copytree(locked, project)
    asked = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(asked.replace("asgiref==", "asgiref<"))

    with pytest.raises(DockerException, match=r"`uv\.lock`.* needs to be updated"):
        build(UV, project=project)


def test_development_packages_stay_out(build, run, locked):
    """The lock has the package of the group dev, and the image does not."""
    container = run(build(UV, project=locked), "python", "-c", INSTALLED, ready="django==")

    assert 'name = "iniconfig"' in (locked / "uv.lock").read_text()
    assert "iniconfig" not in container.logs()


def test_uv_and_its_cache_stay_out(build, run, locked):
    """Neither the programs that install nor what they keep."""
    look = "command -v uv pip; find / -path '*cache/uv*'; echo looked"
    container = run(build(UV, project=locked), "sh", "-c", look, ready="looked")

    assert container.logs().strip() == "looked"


def test_installing_again_downloads_nothing(builder, docker, tmp_path):
    """Once with the cache mounted, once without, after a change that forces the install."""
    with_cache, without = (
        downloads(builder, docker, tmp_path, name)
        for name in (PIP, "dockerfile/shortest.Dockerfile")
    )

    assert with_cache == 0
    assert without > 0


def instructions(dockerfile):
    """Return the instructions of a Dockerfile, its comments left out."""
    text = re.sub(r"(?m)^#.*\n|\\\n", "", dockerfile.read_text())
    return [line for line in text.splitlines() if line]


def downloads(builder, docker, folder, snippet):
    """Return how many packages a second build downloads, whose requirements say the same anew."""
    context = folder / snippet.replace("/", "-")
    shutil.copytree(PROJECT, context)
    builder.have_bases(SNIPPETS / snippet)
    tag = builder.tag(uuid.uuid4().hex)
    for _ in range(2):
        with (context / "requirements.txt").open("a") as file:
            file.write(f"# {uuid.uuid4()}\n")
        command = [*docker.client_config.docker_cmd, "build", "--progress=plain", "--tag", tag]
        command += ["--file", SNIPPETS / snippet, context]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return (done.stdout + done.stderr).count(" Downloading ")
