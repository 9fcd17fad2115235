"""The proofs of docs/running-the-tests.md."""

import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from importlib.metadata import distributions

import pytest
from filelock import FileLock
from python_on_whales import DockerClient
from python_on_whales.components.buildx.cli_wrapper import BuildxCLI

from harness import ROOT, engine
from harness.container import wait_until
from harness.engine import base_images, runs
from harness.engine.private import EngineError, PrivateEngine
from harness.guide_site import Site
from harness.machines import on, readers

SLOW_TEST = "tests/test_signals.py::test_longer_grace_lets_the_request_finish"
QUICK_TEST = "tests/test_running_the_tests.py::test_each_dependency_is_pinned"
SCENARIOS = {
    *("build", "run", "transcript", "contract", "pages", "search"),
    *("Compose", "PostgreSQL", "nginx", "Caddy", "Traefik"),
    *("Swarm", "Podman", "pod", "systemd"),
}
MARKED = """
import pytest
@pytest.mark.docker_only("docker swarm")
def test_marked():
    pass
"""
PULLED = ["ghcr.io/astral-sh/uv:0.13.8", "nginxinc/nginx-unprivileged:1.30"]
NEWER_PYTHON = "import sys; print(sys.version_info[:2] > (3, 11))"
OLD_COMPOSE = """case $1 in
docker-cli-plugin-metadata) echo '{"SchemaVersion": "0.1.0", "Vendor": "tests"}' ;;
*) echo 2.20.3 ;;
esac
"""
PULLING_TEST = "tests/test_running_the_tests.py::test_unreachable_registry_is_one_line"


@pytest.fixture
def no_other_run(tmp_path_factory):
    """Keep this file's other tests from starting a run, which would clean up too."""
    with FileLock(tmp_path_factory.getbasetemp().parent / "other-runs.lock"):
        yield


def test_each_dependency_is_pinned():
    """Every installed package, direct or transitive, is in pyproject.toml with its version."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins = pyproject["dependency-groups"]["dev"]
    pins += pyproject["tool"]["uv"]["constraint-dependencies"]

    installed = {f"{re.sub('[-_.]+', '-', d.name).lower()}=={d.version}" for d in distributions()}
    assert installed <= {pin.partition(" ")[0] for pin in pins}


@pytest.mark.usefixtures("no_other_run")
def test_some_tests_leave_the_results_of_all():
    """One test runs, with the option that pyproject.toml adds to every run."""
    results, apart = ROOT / ".cache/proofs.xml", ROOT / ".cache/some-proofs.xml"
    before = results.exists() and results.read_bytes()
    apart.unlink(missing_ok=True)

    pytest_run("--junit-xml=.cache/proofs.xml", QUICK_TEST).communicate()

    assert (results.exists() and results.read_bytes()) == before
    assert 'tests="1"' in apart.read_text()


def test_missing_engine_is_one_line(monkeypatch):
    """No engine responds, and none can be installed, because the user is not root on Debian."""
    monkeypatch.setattr(engine, "running", lambda: None)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(EngineError, match=r"^no container engine: install Docker .*$"):
        engine.find.__wrapped__()


def test_docker_without_buildx_is_one_line(monkeypatch):
    """An engine responds, but its client does not have the plugin."""
    monkeypatch.setattr(engine, "running", lambda: DockerClient(client_type="docker"))
    monkeypatch.setattr(BuildxCLI, "is_installed", lambda _: False)

    with pytest.raises(EngineError, match=r"^docker has no Buildx, .*$"):
        engine.find.__wrapped__()


@pytest.mark.docker_only("the plugin directory of the Docker client")
def test_docker_with_an_old_compose_is_one_line(docker, monkeypatch, tmp_path):
    """A plugin in the user's directory, which is found first, reports version 2.20."""
    plugins = tmp_path / "cli-plugins"
    plugins.mkdir()
    (plugins / "docker-compose").write_text(f"#!/bin/sh\n{OLD_COMPOSE}")
    (plugins / "docker-compose").chmod(0o755)
    program = docker.client_config.docker_cmd[0]
    client = DockerClient(client_call=[program, "--config", tmp_path], client_type="docker")
    monkeypatch.setattr(engine, "running", lambda: client)
    monkeypatch.setattr(BuildxCLI, "is_installed", lambda _: True)

    with pytest.raises(EngineError, match=r"^docker has Compose 2.20.3, .* 2.24.4 or newer: .*$"):
        engine.find.__wrapped__()


@pytest.mark.usefixtures("no_other_run")
def test_silent_engine_is_one_line():
    """With an address where nothing responds, a run fails and says what to do."""
    output = pytest_run(SLOW_TEST, DOCKER_HOST="tcp://127.0.0.1:9").communicate()[0]

    assert "the engine at DOCKER_HOST=tcp://127.0.0.1:9 does not answer: start it" in output
    assert "Traceback" not in output
    assert "1 error" in output


def test_full_disk_is_one_line(monkeypatch, tmp_path):
    """The disk does not have enough space for the engine's packages and images."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1e9))

    with pytest.raises(EngineError, match=r"^no disk space: .* has 1.0 GB free .*$"):
        PrivateEngine(tmp_path).unpack()


def test_virtual_machine_without_debian_is_one_line():
    """The option is used on a machine without apt-get."""
    command = [sys.executable, "-m", "pytest", "--on", "cgroup2"]
    environ = os.environ | {"PATH": "/nonexistent"}

    done = subprocess.run(
        command, check=False, cwd=ROOT, env=environ, capture_output=True, text=True
    )

    [line] = done.stderr.strip().splitlines()
    assert line.startswith("ERROR: the virtual machine is made from Debian's packages")
    assert "qemu-system-x86" in line
    assert done.returncode == pytest.ExitCode.USAGE_ERROR


def test_unreachable_mirror_is_one_line(tmp_path):
    """Without an engine, Debian's packages are the last resort, but no mirror responds."""
    with pytest.raises(EngineError, match=r"^no container engine, and Debian's packages .*$"):
        PrivateEngine(tmp_path).fetch("bookworm", "http://127.0.0.1:9/debian")


def test_unreachable_registry_is_one_line(builder, tmp_path):
    """The base image is not on this machine, and its registry does not respond."""
    dockerfile = tmp_path / "far-away.Dockerfile"
    dockerfile.write_text("FROM registry.invalid/far/away:1\n")

    with pytest.raises(EngineError, match=r"^registry\.invalid/far/away:1 is not here, .*$"):
        builder.build(dockerfile)


def test_only_the_private_engine_makes_stand_ins(docker, monkeypatch):
    """If an image with a stand-in cannot be pulled, only the tests' own engine builds one."""
    name, said = "registry.invalid/python:3.14-slim", []
    monkeypatch.setitem(base_images.STAND_INS, name, base_images.STAND_INS["python:3.14-slim"])

    with pytest.raises(base_images.OutOfReachError):
        base_images.ensure(docker, [name], engine.CACHE, stand_ins=False, say=said.append)

    assert said == [f"pulling {name}"]


@pytest.mark.usefixtures("no_other_run")
def test_pulled_image_is_printed():
    """A worker of pytest-xdist, which captures what a test prints, pulls an image."""
    output = pytest_run(PULLING_TEST, "-n1").communicate()[0]

    assert output.count("\npulling registry.invalid/far/away:1\n") == 1
    assert "1 passed" in output


@pytest.mark.usefixtures("no_other_run")
def test_interrupted_run_leaves_nothing(docker):
    """Ctrl-C in the middle of a test removes its container and its image tag."""
    process, run = pytest_run_with_container(docker)

    process.send_signal(signal.SIGINT)
    process.communicate()

    assert left_of(docker, run) == []


@pytest.mark.usefixtures("no_other_run")
def test_interrupted_sweep_leaves_nothing(docker):
    """Ctrl-C reaches pytest and its `docker` commands repeatedly during the final cleanup."""
    process, run = pytest_run_with_container(docker)
    sweep = f"removing what run {run} made "

    printed = []
    for line in process.stdout:
        printed.append(line)
        if line.startswith(sweep):
            break
    while process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
    rest = process.communicate()[0]

    assert printed[-1] == f"{sweep}(image tags: 1)\n", printed
    assert "KeyboardInterrupt" not in rest
    assert left_of(docker, run) == []
    assert not (runs.RUNS / run).exists()


@pytest.mark.usefixtures("no_other_run")
def test_killed_run_is_swept_by_the_next(docker, tmp_path):
    """A kill -9 leaves a container, two images and a volume behind; the next run removes them.

    The volume has the name, but not the label, like that of a Compose file that a test edits; one
    image has the label, but no tag, as if a second build had taken it.
    """
    process, run = pytest_run_with_container(docker)
    docker.volume.create(f"{engine.REPOSITORY}-{run}-site_db")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    docker.legacy_build(tmp_path, labels={engine.LABEL: run})
    process.kill()
    process.communicate()
    left = left_of(docker, run)

    pytest_run(QUICK_TEST).communicate()

    assert len(left) == 4
    assert left_of(docker, run) == []


@pytest.mark.usefixtures("no_other_run")
def test_run_records_its_machine(docker, tmp_path):
    """A file next to the results has the engine, the Python version and the passed tests."""
    pytest_run(f"--junit-xml={tmp_path}/proofs.xml", QUICK_TEST).communicate()

    record = json.loads((tmp_path / "proofs.json").read_text())
    version = docker.version()
    assert record["engine"].endswith(f" {(version.server or version.client).version}")
    assert record["python"] == platform.python_version()
    assert (record["passed"], record["failed"], record["whole"]) == (1, 0, False)


def test_table_shows_each_machine(tmp_path):
    """The row of the site's own run comes first; a recorded run follows, with its date."""
    site = Site(tmp_path)
    site.write("docs/signals.md", f"{site.read('docs/signals.md')}\n```{{machines}}\n```\n")
    site.prove()
    run = {"engine": "Docker 28.5.2", "passed": 7, "whole": True, "date": "2026-11-29"}
    site.write("proofs.json", json.dumps(run))
    site.write("docs/_data/machines.json", json.dumps([run | {"engine": "Podman 5.8.6"}]))

    assert site.build(proof_results="proofs.xml") == []
    rows = re.findall('<th scope="row">(.*?)</th>', site.read("_site/signals.html"))
    assert rows == ["Docker 28.5.2", "Podman 5.8.6"]


@pytest.fixture
def able(docker):
    """Skip the test, with the reason, if this machine's engine cannot start another machine."""
    try:
        readers.check(docker)
    except EngineError as error:
        pytest.skip(str(error))


def test_unknown_machine_is_one_line():
    """The machine after --on does not exist: the line lists the ones that do."""
    output = pytest_run("--on", "elsewhere").communicate()[0]

    names = ", ".join(on.MACHINES)
    assert output.strip() == f"ERROR: --on elsewhere: no such machine, choose from {names}"


def test_slice_has_a_test_of_each_scenario():
    """Pytest finds every test in the selection, and every scenario has one."""
    ids = on.slice_ids()
    output = pytest_run("--collect-only", "--quiet", "--within", *ids).communicate()[0]

    assert set(ids) <= set(output.splitlines())
    assert set(on.scenarios()) == SCENARIOS


@pytest.mark.usefixtures("able")
def test_on_docker_is_another_machine(docker, request):
    """Its user, language and Python differ, and its empty Docker pulls from a registry."""
    machine = readers.ReadersMachine(readers.DOCKER, docker, os.environ["PROOFS_RUN"])
    request.addfinalizer(machine.container.remove)
    images = machine.run("docker", "image", "ls", "--quiet")
    machine.fill(PULLED, print)

    assert images == ""
    for name in PULLED:
        assert machine.run("docker", "pull", "--quiet", name).endswith(name)
    assert machine.run("id", "--user", "--name") == "reader"
    assert "docker" in machine.run("id", "--groups", "--name").split()
    assert machine.run("sh", "-c", "command -v sudo || echo none") == "none"
    assert machine.run("locale", "decimal_point") == ","
    assert machine.run("python3", "-c", NEWER_PYTHON) == "True"


@pytest.mark.usefixtures("able")
def test_on_podman_is_another_machine(docker, request):
    """It has Podman, Compose and systemd but no Docker, and finds pulled images by short names."""
    machine = readers.ReadersMachine(readers.PODMAN, docker, os.environ["PROOFS_RUN"])
    request.addfinalizer(machine.container.remove)
    images = machine.run("podman", "image", "ls", "--quiet")
    machine.fill(PULLED, print)

    assert images == ""
    for name in PULLED:
        machine.run("podman", "pull", "--quiet", base_images.full(name))
        machine.run("podman", "image", "exists", name)
    assert machine.run("podman", "version", "--format", "{{.Client.Version}}").startswith("5.")
    assert "Docker Compose" in machine.run("podman", "compose", "version")
    assert machine.run("cat", "/proc/1/comm") == "systemd"
    assert machine.run("sh", "-c", "command -v docker || echo none") == "none"


@pytest.mark.parametrize(
    ("name", "version", "end"),
    [
        ("docker", "Docker version 28", "1 passed"),
        ("podman", "podman version 5", "Docker alone has this: docker swarm"),
        (
            "docker",
            "podman version 5",
            "Docker alone has this: docker swarm",
        ),  # the package podman-docker
    ],
)
def test_podman_skips_what_only_docker_has(docker, tmp_path, name, version, end):
    """The engine responds under either name, but its version decides whether the test runs."""
    (tmp_path / "test_marked.py").write_text(MARKED)
    program = tmp_path / "bin" / name
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo {version} && exit\n'
        f"PATH={shlex.quote(os.environ['PATH'])}\n"  # Podman starts other programs
        f'exec {shlex.join(map(str, docker.client_config.docker_cmd))} "$@"\n'
    )
    program.chmod(0o755)
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider"]

    output = subprocess.run(
        [*command, "-p", "harness.docker_only", "--rootdir", tmp_path, tmp_path],
        check=False, capture_output=True, text=True,
        env=os.environ | {"PATH": str(program.parent), "PYTHONPATH": str(ROOT / "tests")},
    ).stdout  # fmt: skip

    assert end in output


@pytest.mark.usefixtures("able", "no_other_run")
def test_interrupted_machine_is_removed(docker):
    """Ctrl-C while the container runs removes it with its volume and its image."""
    readers.ReadersMachine(
        readers.DOCKER, docker, os.environ["PROOFS_RUN"]
    ).container.remove()  # its image may take minutes to build, the first time
    process, run = pytest_run_with_container(docker, "--on", "docker", SLOW_TEST)
    [container] = docker.container.list(filters=[("label", f"{engine.LABEL}={run}")])
    [volume] = [mount.name for mount in container.mounts if mount.type == "volume"]
    process.send_signal(signal.SIGINT)
    output = process.communicate()[0]

    assert left_of(docker, run) == []
    assert not docker.volume.exists(volume)
    assert "Traceback" not in output


def pytest_run(*arguments: str, **environ: str) -> subprocess.Popen:
    """Start a run of one test, as a reader would."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-n0", "-o", "addopts=", *arguments], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | environ,
        start_new_session=True,
    )  # fmt: skip


def pytest_run_with_container(docker, *arguments: str) -> tuple[subprocess.Popen, str]:
    """Start a run, and return it with its name once it has a container."""
    process = pytest_run(*arguments or [SLOW_TEST])
    header = iter(process.stdout.readline, "")
    run = next(found[1] for line in header if (found := re.match("run: (.*)", line)))
    label = ("label", f"{engine.LABEL}={run}")
    assert wait_until(lambda: docker.container.list(filters=[label])), "the run starts no container"
    return process, run


def left_of(docker, run: str) -> list:
    """Return the containers, volumes and images that a run left behind."""
    labeled = [("label", f"{engine.LABEL}={run}")]
    left = docker.container.list(all=True, filters=labeled) + docker.image.list(filters=labeled)
    left += docker.volume.list(filters=[("name", f"{engine.REPOSITORY}-{run}-")])
    return left + docker.image.list(filters=[("reference", f"{engine.REPOSITORY}:{run}-*")])
