"""Checks of every snippet; Sphinx checks their names, and that each is on a page."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness import PROJECT, SNIPPETS
from harness.engine.needs import needs_docker

FILES = sorted(path for path in SNIPPETS.rglob("*") if path.is_file())
LINTED = [path for path in FILES if re.match(r"(?!wrong-)[^.]+\.Dockerfile(\.\w+)?$", path.name)]
LINTED = [path for path in LINTED if path.suffix != ".dockerignore"]
PRAGMA = re.compile(r"hadolint|noqa|shellcheck|# *check=|start-after|type: ignore")


def each(paths):
    """Parametrize a test over files, named by topic and file."""
    return pytest.mark.parametrize("path", paths, ids=lambda p: f"{p.parent.name}/{p.name}")


@each(FILES)
def test_snippet_is_fit_to_copy(path):
    """One final newline, which Copy omits; nothing specific to us; 88 columns, except in JSON."""
    text = path.read_text()

    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not PRAGMA.search(text)
    if path.suffix not in {".console", ".json"}:
        assert max(map(len, text.splitlines())) <= 88


@pytest.fixture(scope="module")
def lint():
    """Return what hadolint finds in all Dockerfiles, checked in a single process.

    DL3008 requires pinned apt packages; the page dockerfile says why they are not pinned.
    """
    hadolint = Path(sys.executable).with_name("hadolint")
    command = [hadolint, "--format", "json", "--ignore", "DL3008", *LINTED]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert not done.stderr
    return json.loads(done.stdout)


@each(LINTED)
def test_hadolint_finds_nothing(path, lint):
    """No Dockerfile breaks a rule of hadolint or ShellCheck, or has a line that it cannot parse."""
    assert [found for found in lint if found["file"] == str(path)] == []


@pytest.mark.docker_only("docker build --check")
@each(LINTED)
def test_buildkit_finds_nothing(path, docker, builder):
    """`docker build --check` reports nothing."""
    builder.have_bases(path)
    needs_docker(docker, 27, "docker build --check")
    command = [*docker.client_config.docker_cmd, "build", "--check", "--file", path, PROJECT]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


@each([path for path in FILES if path.suffix == ".sh"])
def test_script_parses(path):
    """The shell in the first line can parse the script, and the script is executable."""
    shell = path.read_text().splitlines()[0].removeprefix("#!")

    assert subprocess.run([shell, "-n", path], check=False).returncode == 0
    assert path.stat().st_mode & 0o111
