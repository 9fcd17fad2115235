"""The fixtures, which read as a page does: build a snippet, run the image, ask it."""

import os
import re
import shlex
import shutil
import signal
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from python_on_whales import DockerClient, Network

import base_images
import benchmarks
import engine
import transcripts
from container import Container
from harness.handover import HandingBuilder
from images import Builder, saved
from private_engine import EngineError
from stack import Stack

SNIPPETS = Path(__file__).parent.parent / "snippets"
pytest_plugins = [
    "browser",
    "harness.contract.report",
    "harness.docker_only",
    "harness.machine_record",
    "harness.partial_results",
    "harness.machines",
    "harness.control_groups",
    "proxied",
]
os.environ.setdefault("BUILDAH_FORMAT", "docker")  # else Podman drops HEALTHCHECK
QUIETLY = r"\g<0> 2>/dev/null"  # Podman lets the warnings of pip through
ENVIRONMENT = {"SECRET_KEY": "for-this-test-alone", "ALLOWED_HOSTS": "127.0.0.1"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes transcripts anew."""
    parser.addoption("--record", action="store_true", help="write the transcripts anew")


def pytest_configure(config: pytest.Config) -> None:
    """Begin a run, in the process that the reader started: its workers take part in it."""
    if not hasattr(config, "workerinput") and not config.option.within:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        run = engine.Run()
        os.environ["PROOFS_RUN"] = run.name
        config.add_cleanup(run.end)


def pytest_report_header() -> str:
    """Tell the name of the run, which all that it starts is labelled with."""
    return f"run: {os.environ['PROOFS_RUN']}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests ran on, and what stood in for the real thing."""
    reports = [r for rs in terminalreporter.stats.values() for r in rs]
    used = {p for report in reports for p in getattr(report, "user_properties", ())}
    for name, value in sorted(used):
        terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def docker() -> DockerClient:
    """Return the container engine's client; without an engine the test fails, in one line."""
    try:
        return engine.find()
    except EngineError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Return a function that prints a line on the terminal now, also from a worker of xdist.

    The standard error of a worker is the terminal's, once pytest's capturing is suspended.
    """
    capturing = pytestconfig.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capturing.global_and_fixture_disabled():
            sys.stderr.write(f"\n{line}\n")
            sys.stderr.flush()

    return say


@pytest.fixture(scope="session")
def builder(
    docker: DockerClient, tmp_path_factory: pytest.TempPathFactory, say: Callable[[str], None]
) -> Builder:
    """Return the builder of images that all workers of this run share."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    run, source = os.environ["PROOFS_RUN"], os.environ.get("PROOFS_IMAGES_FROM")
    if source:  # the engine under test is slow, or has no registry
        client = DockerClient(host=source, client_type="docker")
        return HandingBuilder(client, docker, run, shared, say)
    return Builder(docker, run, shared, say)


@pytest.fixture
def build(builder: Builder, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Return a function that builds a Dockerfile of snippets/ against the sample project.

    Its arguments are those of Builder.build; what the image has inside goes with the result.
    """

    def build(snippet: str, **options: object) -> str:
        try:
            image = builder.build(SNIPPETS / snippet, **options)
        except EngineError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        properties = request.node.user_properties
        properties += [p for p in builder.contents(image) if p not in properties]
        return image

    return build


@pytest.fixture
def official(builder: Builder, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Return a function that has an official image here, such as postgres:18, and returns its name.

    What stands in for it goes with the result.
    """

    def official(name: str) -> str:
        try:
            builder.have([name])
        except EngineError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        request.node.user_properties.append(base_images.described(builder.docker, name))
        return name

    return official


@pytest.fixture
def run(docker: DockerClient, request: pytest.FixtureRequest) -> Callable[..., Container]:
    """Return a function that starts a container, which goes with the test.

    It waits for the line `ready` in the log; a container that is to fail has none. `env` adds to
    the environment that the sample project needs; other options are those of `docker run`.
    """
    return partial(_run, docker, request)


@pytest.fixture(scope="session")
def run_once(docker: DockerClient, request: pytest.FixtureRequest) -> Callable[..., Container]:
    """Return the function of `run` for tests that only look: they share what is started alike.

    Its containers go with the session.
    """
    started = {}

    def run_once(*args: str, **options: object) -> Container:
        key = repr((args, options))
        if key not in started:
            started[key] = _run(docker, request, *args, **options)
        return started[key]

    return run_once


@pytest.fixture(scope="session")
def run_until_removed(docker: DockerClient, request: pytest.FixtureRequest) -> Callable:
    """Return the function of `run` for what several tests use: its caller removes it."""
    return partial(_run, docker, request)


def _run(
    docker: DockerClient,
    request: pytest.FixtureRequest,
    image: str,
    *command: str,
    env: dict[str, str] | None = None,
    ready: str = "Listening at",
    **options: object,
) -> Container:
    labels = {engine.LABEL: os.environ["PROOFS_RUN"]}
    options = {"publish_all": True, "labels": labels, "pull": "never", **options}
    environ = ENVIRONMENT | (env or {})
    handle = docker.run(image, list(command), detach=True, envs=environ, **options)
    try:
        container = Container(docker, handle)
    except BaseException:
        docker.container.remove(handle.id, force=True, volumes=True)
        raise
    request.addfinalizer(container.remove)
    if ready:
        container.wait_for_log(ready)
    return container


@pytest.fixture
def network(docker: DockerClient) -> Iterator[Network]:
    """Return a network on which the containers of one test find each other by name."""
    run = os.environ["PROOFS_RUN"]
    name = f"{engine.REPOSITORY}-{run}-{uuid.uuid4().hex[:8]}"
    network = docker.network.create(name, labels={engine.LABEL: run})
    yield network
    network.remove()


@pytest.fixture
def stack(
    docker: DockerClient,
    official: Callable[[str], str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Callable[..., Stack]:
    """Return a function that prepares a Compose file of snippets/; `up` starts it.

    `services` tells what is otherwise than in the file, in Compose's own keys: the images of this
    run, for the most part. `files` are other snippets, saved beside it under the names that the
    page gives them; `env` adds to the environment that Compose reads.
    """

    def stack(
        file: str,
        services: dict[str, dict] | None = None,
        files: Sequence[str] = (),
        env: dict[str, str] | None = None,
    ) -> Stack:
        for snippet in files:
            shutil.copy(SNIPPETS / snippet, tmp_path / saved(snippet))
        for name in re.findall(r"(?m)^ +image: *(\S+:\S+)", (SNIPPETS / file).read_text()):
            official(name)
        stack = Stack(docker, tmp_path, file, services or {}, ENVIRONMENT | (env or {}))
        request.addfinalizer(stack.down)
        return stack

    return stack


@pytest.fixture
def replay(docker: DockerClient, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Return a function that runs a transcript of snippets/ again, and compares what is printed.

    `names` are this run's images or containers for the reader's, as in `web=image`. Ports are
    the engine's choice, and what the command starts belongs to this run.
    """
    client_type = docker.client_config.client_type
    # Podman warns of each SIGKILL.
    silent = [] if client_type == "docker" else ["--log-level=error"]

    def replay(snippet: str, cwd: Path | None = None, **names: str) -> str:
        replacements = {
            r"\b127\.0\.0\.1:\d+:": "127.0.0.1::",
            r"\bdocker run\b": f"docker run --label {engine.LABEL}={os.environ['PROOFS_RUN']}",
            **{rf"(?<!-)\b{name}\b(?!-)": real for name, real in names.items()},
            **({} if client_type == "docker" else {r"\bdocker build --quiet\b": QUIETLY}),
            r"\bdocker\b": shlex.join([*map(str, docker.client_config.docker_cmd), *silent]),
        }
        record = request.config.getoption("record")
        return transcripts.replay(SNIPPETS / snippet, replacements, cwd or SNIPPETS, record=record)

    return replay


@pytest.fixture
def measured(docker: DockerClient, request: pytest.FixtureRequest) -> Callable[..., None]:
    """Return a function that writes a benchmark's table: its name, columns and rows."""

    def measured(name: str, columns: list[str], rows: list[list[benchmarks.Cell]]) -> None:
        topic = request.path.stem.removeprefix("bench_").replace("_", "-")
        found = request.node.user_properties
        versions = [f"{n} {v}" for n, v in found if n not in ("stand-in", "base image")]
        versions += [v for n, v in found if n == "stand-in"]
        about = {"machine": benchmarks.machine(docker), "versions": sorted(set(versions))}
        benchmarks.write(topic, name, columns, rows, **about)

    return measured
