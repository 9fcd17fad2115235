"""The proofs of docs/troubleshooting/buildkit-missing.md."""

import os
import re
import shutil
import subprocess

import pytest

from harness import transcripts

ENTRY = "troubleshooting/buildkit-missing"
DOCKERFILE = "FROM python:3.14-slim\nRUN --mount=type=cache,target=/cache true\n"
COMPOSE = "services:\n  web:\n    build: .\n    image: {}\n"
PLUGINS = "{{range .ClientInfo.Plugins}}{{.Name}} {{.Path}}{{println}}{{end}}"
LINE = "the --mount option requires BuildKit."
pytestmark = pytest.mark.docker_only("the Docker client, whose messages these are")


@pytest.fixture
def project(official, builder, tmp_path):
    """Return a directory with a Dockerfile and a Compose file, and the image that they build."""
    official("python:3.14-slim")
    image = builder.tag("mount")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "compose.yaml").write_text(COMPOSE.format(image))
    return tmp_path, image


@pytest.fixture
def without(docker, tmp_path):
    """Return the client's command with a configuration that has Compose, but not Buildx."""
    plugins = tmp_path / "config/cli-plugins"
    plugins.mkdir(parents=True)
    command = [*map(str, docker.client_config.docker_cmd)]
    found = printed([*command, "info", "--format", PLUGINS])
    shutil.copy(re.search(r"(?m)^compose (.*)", found)[1], plugins / "docker-compose")
    if "--host" not in command:
        host = printed([*command, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])
        command += ["--host", host.strip()]
    command += ["--config", str(plugins.parent)]
    if "github.com/docker/buildx" in printed([*command, "buildx", "version"]):
        pytest.skip("Buildx is installed for all users of this machine")
    return command


def printed(command, **options: object):
    """Run a command, and return its output, without an exception if it fails."""
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(command, check=False, text=True, **both, **options).stdout


def is_compose_2(docker):
    """Whether a client's Compose has version 2, which brings a builder."""
    version = printed([*docker, "compose", "version", "--short"])
    return version.lstrip("v").startswith("2.")


def environment(buildkit=None):
    """Return this environment with another value of DOCKER_BUILDKIT, or without one."""
    others = {key: value for key, value in os.environ.items() if key != "DOCKER_BUILDKIT"}
    return others | ({"DOCKER_BUILDKIT": buildkit} if buildkit else {})


def test_mount_needs_buildkit(project, without):
    """Without Buildx, Docker uses its old builder, which stops at the line."""
    folder, image = project
    said = printed([*without, "build", "--quiet", "--tag", image, folder], env=environment())

    assert "The legacy builder is deprecated" in said
    assert said.strip().splitlines()[-1].startswith(LINE)


def test_compose_builds_without_the_plugin(project, without, docker):
    """Compose 2 brings BuildKit with it, and builds the same Dockerfile."""
    folder, image = project
    if not is_compose_2(without):
        pytest.skip("Compose 5 has no builder of its own")
    said = printed([*without, "compose", "build"], cwd=folder, env=environment())

    assert docker.image.exists(image), said


def test_variable_turns_buildkit_off(project, docker, replay, monkeypatch):
    """With Buildx, but DOCKER_BUILDKIT=0, both `docker build` and Compose print the line."""
    folder, image = project
    monkeypatch.setitem(transcripts.MASKS, r"buildx v?\d\S+.*", "buildx VERSION")
    off = {"DOCKER_BUILDKIT": "0"}
    compose = [*docker.client_config.docker_cmd, "compose", "build"]

    replay(f"{ENTRY}/line.console", folder, off, web=image)
    replay(f"{ENTRY}/confirm.console", folder, off)
    if is_compose_2(docker.client_config.docker_cmd):
        assert LINE in printed(compose, cwd=folder, env=environment("0"))


def test_variable_without_the_plugin_names_buildx(project, without):
    """With DOCKER_BUILDKIT=1, the client refuses to use its old builder."""
    folder, image = project
    command = [*without, "build", "--tag", image, folder]

    said = printed(command, env=environment("1"))
    assert "BuildKit is enabled but the buildx component is missing or broken" in said
