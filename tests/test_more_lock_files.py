"""The proofs of docs/more-lock-files.md."""

import os
import re
import shutil
import tomllib

import pytest

from harness import PROJECT, SNIPPETS
from harness.texts import edited
from scenarios.layers import instructions
from scenarios.poetry import FILE

APP = "dockerfile/app.Dockerfile"
HASHED = r"/static/core/site\.[0-9a-f]{12}\.css"
INSTALLED = (
    "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()))"
)


@pytest.fixture
def image(build, poetry_locked):
    """Build the page's file for the sample project, locked by Poetry."""
    return build(FILE, project=poetry_locked)


@pytest.fixture
def compiled(official, replay, tmp_path):
    """Run pip-compile as on the page, and return the directory with its output."""
    official("python:3.14-slim")
    asked = (PROJECT / "requirements.txt").read_text().partition("#")[0]
    (tmp_path / "requirements.in").write_text(asked)
    replay("more-lock-files/pip-compile.console", cwd=tmp_path)
    return tmp_path


def test_poetry_stage_is_all_that_is_new():
    """Of the app image's instructions, only pip's has another source; one stage is new."""
    app, poetry = (instructions(SNIPPETS / name) for name in (APP, FILE))

    [missing] = [line for line in app if line not in poetry]
    added = [line for line in poetry if line not in app]
    source = {"type=bind,source=requirements.txt": "from=lock,source=/lock/requirements.txt"}
    assert edited(missing, source) == added[-1]
    assert added[0] == "FROM python:3.14-slim AS lock"
    assert len([line for line in added if line.startswith("FROM")]) == 1


def test_poetry_image_serves(image, run):
    """A German browser gets the German home page, with a link to a hashed stylesheet."""
    web = run(image)
    page = web.get("/", headers={"Accept-Language": "de"}).text

    assert "Hallo von Django" in page
    assert re.search(HASHED, page)
    assert web.get("/whoami/").json()["uid"] == 10001


def test_versions_are_those_of_poetry_lock(image, inside, poetry_locked):
    """Every package in the image except pip is in the lock, and the exported file has hashes."""
    lock = tomllib.loads((poetry_locked / "poetry.lock").read_text())
    locked = {f"{p['name']}=={p['version']}" for p in lock["package"]}

    found = {name.lower() for name in inside(image, "python", "-c", INSTALLED).output.split()}
    found = {name.replace("_", "-") for name in found if not name.startswith("pip==")}
    assert found <= locked
    assert any(name.startswith("django==") for name in found)


def test_changed_hash_in_poetry_lock_fails_the_build(builder, poetry_locked, tmp_path):
    """With every hash in the lock changed, the build fails."""
    project = tmp_path / "project"
    shutil.copytree(poetry_locked, project)
    lock = project / "poetry.lock"
    forged, count = re.subn("sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", lock.read_text())
    lock.write_text(forged)

    done = builder.build_aloud(SNIPPETS / FILE, project)

    assert count
    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr


def test_poetry_stays_out(image, inside):
    """The image contains neither Poetry nor any of its packages."""
    found = inside(image, "python", "-c", INSTALLED).output.lower()

    assert "poetry" not in found
    assert inside(image, "sh", "-c", "command -v poetry; echo end").output.split() == ["end"]


def test_other_groups_stay_out(image, inside, poetry_locked):
    """The lock has the package of the group dev, but the image does not."""
    assert 'name = "iniconfig"' in (poetry_locked / "poetry.lock").read_text()
    assert "iniconfig" not in inside(image, "python", "-c", INSTALLED).output


def test_outdated_poetry_lock_fails_the_build(builder, poetry_locked, tmp_path):
    """The project requires a version that differs from the lock."""
    project = tmp_path / "project"
    shutil.copytree(poetry_locked, project)
    asked = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(edited(asked, {"django==": "django<"}))

    done = builder.build_aloud(SNIPPETS / FILE, project)

    assert done.returncode == 1
    assert (
        "pyproject.toml changed significantly since poetry.lock was last generated" in done.stderr
    )


def test_pip_compile_writes_versions_and_hashes(compiled):
    """Each requirement has one version and its hashes, and the reader owns the file."""
    path = compiled / "requirements.txt"
    text = re.sub(r"\\\n", "", re.sub(r"(?m)^ *#.*\n", "", path.read_text()))

    assert path.stat().st_uid == os.getuid()
    lines = text.splitlines()
    assert {"django", "asgiref", "sqlparse"} <= {line.partition("==")[0] for line in lines}
    assert [line for line in lines if not re.match(r"\S+==\S+ .*--hash=sha256:", line)] == []


def test_app_file_installs_what_pip_compile_wrote(compiled, build, run):
    """The app image's Dockerfile installs this requirements.txt; the page has a hashed link."""
    changes = {"requirements.txt": (compiled / "requirements.txt").read_text()}

    assert re.search(HASHED, run(build(APP, changes=changes)).get("/").text)


def test_second_pip_compile_keeps_the_versions(compiled, replay):
    """The input file allows any version of Django, but an older one is locked."""
    asked, locked = compiled / "requirements.in", compiled / "requirements.txt"
    asked.write_text(re.sub("django==6.1.3", "django==6.1.2", asked.read_text()))
    replay("more-lock-files/pip-compile.console", cwd=compiled)
    older = locked.read_text()
    asked.write_text(edited(asked.read_text(), {"django==6.1.2": "django"}))

    replay("more-lock-files/pip-compile.console", cwd=compiled)

    assert "django==6.1.2" in older
    assert "django==6.1.2" in locked.read_text()
