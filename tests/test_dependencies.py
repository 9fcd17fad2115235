"""The proofs of docs/dependencies.md."""

import re
import shutil
import subprocess
import tomllib
import uuid

import pytest

from harness import PROJECT, SNIPPETS
from harness.texts import edited
from scenarios.layers import instructions
from scenarios.locked import UV

NOT_MOUNTED = pytest.mark.docker_only("an ignore file that applies to bind mounts")
NEWER = 'requires-python = ">=3.99"'
PIP = "dockerfile/app.Dockerfile"
INSTALLED = """
from importlib.metadata import distributions
print(*sorted(f"{d.name}=={d.version}" for d in distributions() if d.name != "pip"))
"""


def test_only_the_install_differs(build, inside, locked):
    """The files differ in one instruction and one line; the images have the same versions."""
    pip, uv = (instructions(SNIPPETS / name) for name in (PIP, UV))
    images = build(PIP), build(UV, project=locked)
    versions = [inside(image, "python", "-c", INSTALLED).output for image in images]

    assert ["pip install" in line for line in pip if line not in uv] == [True]
    assert [line.partition(" ")[0] for line in uv if line not in pip] == ["ENV", "RUN"]
    assert "asgiref==" in versions[0]
    assert versions[0] == versions[1]


def test_lock_keeps_the_pins_and_lists_direct_ones(locked):
    """The lock has every pin of requirements.txt, and pyproject.toml only the direct packages."""
    asked = tomllib.loads((locked / "pyproject.toml").read_text())["project"]
    packages = tomllib.loads((locked / "uv.lock").read_text())["package"]
    locked_versions = {f"{p['name']}=={p['version']}" for p in packages}
    lines = (locked / "requirements.txt").read_text().splitlines()
    pins = {line.partition(" ")[0] for line in lines if not line.startswith("#")}

    direct = {re.split(r"[\[>=]", name)[0] for name in asked["dependencies"]}
    assert direct == {"django", "gunicorn", "dj-database-url", "psycopg"}
    assert asked["requires-python"] == ">=3.14"
    needed = {pin.replace("[binary]", "") for pin in pins if "typing-extensions" not in pin}
    assert needed <= locked_versions


def test_python_is_that_of_the_environment(build, inside, locked):
    """The image's `python` and `gunicorn` are those of /opt/venv, and work together."""
    image = build(UV, project=locked)

    found = inside(
        image, "sh", "-c", "command -v python; command -v gunicorn; head -1 /opt/venv/bin/gunicorn"
    )
    assert found.output.split() == [
        "/opt/venv/bin/python",
        "/opt/venv/bin/gunicorn",
        "#!/opt/venv/bin/python",
    ]


def test_uv_image_serves(build, run, locked):
    """A German browser gets the German home page, with a link to a hashed stylesheet."""
    page = run(build(UV, project=locked)).get("/", headers={"Accept-Language": "de"}).text

    assert "Hallo von Django" in page
    assert re.search(r"/static/core/site\.[0-9a-f]{12}\.css", page)


def test_outdated_lock_fails_the_build(builder, locked, tmp_path):
    """The project requires a version that differs from the lock."""
    project = tmp_path / "project"
    shutil.copytree(locked, project)
    asked = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(edited(asked, {"django>=": "django<="}))

    done = builder.build_aloud(SNIPPETS / UV, project)

    assert done.returncode == 1
    assert "The lockfile at `uv.lock` needs to be updated" in done.stderr


def test_another_python_stops_the_build(builder, locked, tmp_path):
    """The project requires a newer Python than the base image has."""
    project = tmp_path / "project"
    shutil.copytree(locked, project)
    for file in "pyproject.toml", "uv.lock":
        text = (project / file).read_text()
        (project / file).write_text(edited(text, {'requires-python = ">=3.14"': NEWER}))

    done = builder.build_aloud(SNIPPETS / UV, project)

    assert done.returncode != 0
    assert "No interpreter found for Python >=3.99" in done.stderr


def test_required_version_of_uv_stops_the_build(builder, locked, tmp_path):
    """The project requires a newer uv than the Dockerfile has."""
    project = tmp_path / "project"
    shutil.copytree(locked, project)
    asked = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(f'{asked}\n[tool.uv]\nrequired-version = ">=99"\n')

    done = builder.build_aloud(SNIPPETS / UV, project)

    assert done.returncode != 0
    assert "Required uv version `>=99` does not match the running version" in done.stderr


@pytest.mark.parametrize("ignored", [pytest.param(True, marks=NOT_MOUNTED), False])
def test_lock_outside_the_context_stops_the_build(builder, locked, tmp_path, ignored):
    """The ignore file excludes the lock, or the lock is not in the directory."""
    project, dockerfile = tmp_path / "project", tmp_path / "Dockerfile"
    shutil.copytree(locked, project)
    shutil.copy(SNIPPETS / UV, dockerfile)
    if ignored:
        (tmp_path / "Dockerfile.dockerignore").write_text("uv.lock\n")
    else:
        (project / "uv.lock").unlink()

    done = builder.build_aloud(dockerfile, project)

    assert done.returncode != 0
    # BuildKit's words, and Podman's.
    words = '(failed to compute cache key: .*"/uv.lock": not found|uv.lock: no such file)'
    assert re.search(words, done.stderr)


def test_development_packages_stay_out(build, run, locked):
    """The lock has the package of the group dev, but the image does not."""
    container = run(build(UV, project=locked), "python", "-c", INSTALLED, ready="asgiref==")

    assert 'name = "iniconfig"' in (locked / "uv.lock").read_text()
    assert "iniconfig" not in container.logs()


def test_uv_and_its_cache_stay_out(build, run, locked):
    """The image contains neither uv nor its cache."""
    look = "command -v uv; ls -A /root/.cache; find / -name 'uv*' -path '*cache*'; echo looked"
    container = run(build(UV, project=locked), "sh", "-c", look, ready="looked", user="0")

    found = [line for line in container.logs().splitlines() if "No such file" not in line]
    assert found == ["looked"]


def test_installing_again_downloads_nothing(build, builder, locked, tmp_path):
    """A comment in pyproject.toml makes the build reinstall all packages, offline."""
    build(UV, project=locked)
    project = tmp_path / "project"
    shutil.copytree(locked, project)
    asked = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(f"{asked}# {uuid.uuid4()}\n")
    offline = tmp_path / "offline.Dockerfile"
    text = (SNIPPETS / UV).read_text()
    offline.write_text(edited(text, {" uv sync ": " UV_OFFLINE=1 uv sync "}))

    done = builder.build_aloud(offline, project)

    assert done.returncode == 0, done.stderr
    assert "Installed 7 packages" in done.stderr
    assert "Prepared" not in done.stderr  # which uv prints after a download


def test_subdirectory_is_the_build_context(docker, builder, run, tmp_path):
    """The page's command runs in a repository whose directory `backend` has all files."""
    shutil.copytree(PROJECT, tmp_path / "backend")
    shutil.copy(SNIPPETS / PIP, tmp_path / "backend/Dockerfile")
    shutil.copy(SNIPPETS / f"{PIP}.dockerignore", tmp_path / "backend/.dockerignore")
    (tmp_path / "backend/.env").write_text("ignored")
    builder.have_bases(SNIPPETS / PIP)
    tag = builder.tag(uuid.uuid4().hex)
    command = [*docker.client_config.docker_cmd, "build", "--quiet", "--tag", tag, "backend"]
    subprocess.check_call(command, cwd=tmp_path)

    container = run(tag)
    assert re.search(r"/static/core/site\.[0-9a-f]{12}\.css", container.get("/").text)
    assert container.exec("sh", "-c", "ls -A | grep -c '^.env'; true") == "0"


@pytest.mark.parametrize("snippet", [PIP, UV])
def test_code_is_copied_from_a_subdirectory(build, run, locked, tmp_path, snippet):
    """Only the requirements or the lock file are outside the directory `backend`."""
    project, dockerfile = tmp_path / "project", tmp_path / "below.Dockerfile"
    shutil.copytree(locked, project / "backend")
    for name in "requirements.txt", "pyproject.toml", "uv.lock":
        shutil.move(project / "backend" / name, project)
    text = (SNIPPETS / snippet).read_text()
    dockerfile.write_text(edited(text, {"COPY . .\n": "COPY backend .\n"}, times=2))

    container = run(build(dockerfile, project=project))

    assert re.search(r"/static/core/site\.[0-9a-f]{12}\.css", container.get("/").text)
    assert "manage.py" in container.exec("ls").split()
