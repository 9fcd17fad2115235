"""The fixtures, which read like a page: build a snippet, run the image, send it requests."""

import os
import re
import shlex
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from python_on_whales import DockerClient, Network

from guide import names
from guide.evidence import CHANGED, FILE, HOW, WORKER_CLASS, WORKERS
from guide.names import saved
from harness import ENVIRONMENT, ROOT, SNIPPETS, engine, transcripts
from harness import measured as measurements
from harness.container import PATIENCE, Container
from harness.engine import base_images
from harness.engine.private import EngineError
from harness.images import Builder
from harness.machines.handover import HandingBuilder
from harness.stack import Services, Stack
from harness.stands_on import stood_on

QUIETLY = r"\g<0> 2>/dev/null"  # Podman lets pip's warnings through
# Without it, each start compiles what Gunicorn and Django import from the standard library, of
# which the official image has no bytecode: that takes 0.25 of 0.65 s of the processor.
IMPORTED = "django.test, gunicorn.app.wsgiapp, gunicorn.workers.gthread"
IMPORTED += ", multiprocessing.pool, sqlite3, statistics"
BYTECODE = {"COPY . .\n": f'RUN python -c "import {IMPORTED}"\nCOPY . .\n'}


@pytest.fixture(scope="session")
def docker() -> DockerClient:
    """Return the container engine's client; without an engine, the test fails in one line."""
    try:
        return engine.find()
    except EngineError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Return a function that prints a line to the terminal immediately, even from an xdist worker.

    A worker's standard error is the terminal's once pytest's capturing is suspended.
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
    """Return the image builder that all workers of this run share."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    run, source = os.environ["PROOFS_RUN"], os.environ.get("PROOFS_IMAGES_FROM")
    if source:  # the engine under test is slow, or has no registry
        client = DockerClient(host=source, client_type="docker")
        return HandingBuilder(client, docker, run, shared, say)
    return Builder(docker, run, shared, say)


@pytest.fixture(scope="session")
def build(builder: Builder, note: Callable[..., None]) -> Callable[..., str]:
    """Return a function that builds a Dockerfile from snippets/ with the sample project.

    Its arguments are those of Builder.build; the image's contents are recorded with the results.
    """

    def build(snippet: str | Path, **options: Any) -> str:
        try:
            image = builder.build(SNIPPETS / snippet, **options)
        except EngineError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        files = [name for name in (snippet, *options.get("files", ())) if isinstance(name, str)]
        changed = [*(options.get("changes") or {})]
        versions = options.get("requirements") or {}
        changed += [f"{name}=={version}" for name, version in versions.items()]
        note(builder.contents(image))
        note([(FILE, name) for name in files] + [(CHANGED, name) for name in changed])
        return image

    return build


@pytest.fixture(scope="session")
def plain_image(build: Callable[..., str]) -> str:
    """Return the smallest image that serves the sample project: one worker of Gunicorn.

    It also has the standard library's bytecode, so that it starts sooner.
    """
    return build("signals/exec-form.Dockerfile", edits=BYTECODE)


@pytest.fixture(scope="session")
def small_image(build: Callable[..., str]) -> str:
    """Return the same image without Django in its worker, for tests of Gunicorn only."""
    app = (ROOT / "tests/probes/small_app.py").read_text()
    return build("signals/exec-form.Dockerfile", changes={"core/wsgi.py": app}, edits=BYTECODE)


@pytest.fixture(scope="session")
def app_image(build: Callable[..., str]) -> str:
    """Return the image of docs/dockerfile.md: two workers, two threads each, non-root."""
    return build("dockerfile/app.Dockerfile")


@pytest.fixture(scope="session")
def official(builder: Builder, note: Callable[..., None]) -> Callable[[str], str]:
    """Return a function that gets an official image, such as postgres:18, and returns its name.

    Its stand-in, if it has one, is recorded with the results.
    """

    def official(name: str) -> str:
        try:
            builder.have([name])
        except EngineError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        note([base_images.described(builder.docker, name)])
        return name

    return official


@pytest.fixture(scope="session")
def running(
    docker: DockerClient, note: Callable[..., None]
) -> Callable[..., AbstractContextManager[Container]]:
    """Return a context manager that runs a container, for fixtures that several tests share.

    It waits for the line `ready` in the log; a container that should fail has none. `env` adds
    to the environment that the sample project needs; other options are those of `docker run`.
    """

    @contextmanager
    def running(image: str, *command: str, **options: Any) -> Iterator[Container]:
        with _running(docker, image, *command, **options) as container:
            note(_workers_of(container))
            yield container

    return running


@pytest.fixture
def run(
    running: Callable[..., AbstractContextManager[Container]],
) -> Iterator[Callable[..., Container]]:
    """Return a function that starts a container like `running`, until the end of the test."""
    with ExitStack() as started:
        yield lambda *args, **options: started.enter_context(running(*args, **options))


@pytest.fixture(scope="session")
def run_once(
    running: Callable[..., AbstractContextManager[Container]], note: Callable[..., None]
) -> Iterator[Callable[..., Container]]:
    """Return a `run` function for tests that only look: equal arguments share a container.

    Its containers are removed with the session.
    """
    started: dict[str, Container] = {}

    with ExitStack() as stack:

        def run_once(*args: str, **options: Any) -> Container:
            asked = repr((args, options))
            if asked not in started:
                started[asked] = stack.enter_context(running(*args, **options))
            note(_workers_of(started[asked]))
            return started[asked]

        yield run_once


def _workers_of(container: Container) -> list[tuple[str, str]]:
    """Return the class and the number of Gunicorn's workers, as far as they are known."""
    classes = [(WORKER_CLASS, name) for name in container.worker_classes]
    counts = [(WORKERS, container.workers)] if classes and container.workers else []
    return classes + counts


class Ended(NamedTuple):
    """How a command ended, and everything that it printed."""

    exit_code: int
    output: str


@pytest.fixture(scope="session")
def inside(run_once: Callable[..., Container]) -> Callable[..., Ended]:
    """Return a function that runs a command to its end, and returns how it ended.

    The command runs in a shared idle container of the image, which costs a tenth of a new
    container. `env` is as for `run`; the command must not leave anything that others would see.
    """

    def inside(image: str, *command: str, env: dict[str, str] | None = None) -> Ended:
        idle = run_once(image, "infinity", entrypoint="sleep", init=True, ready="")
        given = [f"{name}={value}" for name, value in (env or {}).items()]
        return Ended(*idle.handle.attempt(command, given, PATIENCE))

    return inside


@contextmanager
def _running(
    docker: DockerClient,
    image: str,
    *command: str,
    env: dict[str, str] | None = None,
    ready: str = "Using worker:",
    **options: Any,
) -> Iterator[Container]:
    labels = {engine.LABEL: os.environ["PROOFS_RUN"]}
    options = {"publish_all": True, "labels": labels, "pull": "never", **options}
    environ = ENVIRONMENT | (env or {})
    handle = docker.run(image, list(command), detach=True, envs=environ, **options)
    try:
        container = Container(docker, handle)
    except BaseException:
        docker.container.remove(handle.id, force=True, volumes=True)
        raise
    try:
        if ready:
            container.wait_for_log(ready)
        yield container
    finally:
        container.remove()


@pytest.fixture
def network(docker: DockerClient) -> Iterator[Network]:
    """Return a network on which one test's containers find each other by name."""
    with _network(docker) as network:
        yield network


@pytest.fixture(scope="module")
def shared_network(docker: DockerClient) -> Iterator[Network]:
    """Return such a network for all tests in a module."""
    with _network(docker) as network:
        yield network


@pytest.fixture
def new_volume(docker: DockerClient) -> Iterator[str]:
    """Return the name of an empty volume, which is removed when the test ends."""
    volume = docker.volume.create(labels={engine.LABEL: os.environ["PROOFS_RUN"]})
    yield volume.name
    volume.remove()


@contextmanager
def _network(docker: DockerClient) -> Iterator[Network]:
    run = os.environ["PROOFS_RUN"]
    name = f"{engine.REPOSITORY}-{run}-{uuid.uuid4().hex[:8]}"
    network = docker.network.create(name, labels={engine.LABEL: run})
    try:
        yield network
    finally:
        network.remove()


@pytest.fixture
def stack(
    docker: DockerClient,
    official: Callable[[str], str],
    note: Callable[..., None],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Callable[..., Stack]:
    """Return a function that prepares a Compose file from snippets/; `up` starts it.

    `services` has the differences from the file, in Compose's own keys: mostly the images of
    this run. `files` are other snippets, saved next to it under the names that the page gives
    them; `env` adds to the environment that Compose reads.
    """

    def stack(
        file: str,
        services: Services | None = None,
        files: Sequence[str] = (),
        env: dict[str, str] | None = None,
    ) -> Stack:
        for snippet in files:
            shutil.copy(SNIPPETS / snippet, tmp_path / saved(snippet))
        note([(FILE, name) for name in (file, *files)])
        for name in re.findall(r"(?m)^ +image: *(\S+:\S+)", (SNIPPETS / file).read_text()):
            official(name)
        stack = Stack(docker, tmp_path, file, services or {}, ENVIRONMENT | (env or {}))
        request.addfinalizer(stack.down)
        return stack

    return stack


@pytest.fixture
def replay(docker: DockerClient, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Return a function that runs a transcript from snippets/ again, and compares its output.

    `names` map the reader's images or containers to this run's, as in `web=image`. The engine
    chooses ports and container names, and what the command starts belongs to this run.
    `env` adds to the environment.
    """
    client_type = docker.client_config.client_type
    # Podman warns about each SIGKILL.
    silent = [] if client_type == "docker" else ["--log-level=error"]

    def replay(
        snippet: str,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        **names: str,
    ) -> str:
        replacements = {
            r"\b127\.0\.0\.1:\d+:": "127.0.0.1::",
            r" --name \w+": "",
            r"\bdocker run\b": f"docker run --label {engine.LABEL}={os.environ['PROOFS_RUN']}",
            **{rf"(?<!-)\b{name}\b(?!-|\.\w)": real for name, real in names.items()},
            **({} if client_type == "docker" else {r"\bdocker build --quiet\b": QUIETLY}),
            r"\bdocker\b": shlex.join([*map(str, docker.client_config.docker_cmd), *silent]),
        }
        record = request.config.getoption("record")
        return transcripts.replay(
            SNIPPETS / snippet,
            replacements,
            cwd or SNIPPETS,
            shown={real: name for name, real in names.items()},
            record=record,
            env=env,
        )

    return replay


@pytest.fixture
def about_measured(
    docker: DockerClient, request: pytest.FixtureRequest
) -> Callable[[], dict[str, Any]]:
    """Return a function that describes the machine, and the versions that this benchmark used."""

    def about_measured() -> dict[str, object]:
        found = stood_on(request.node)
        versions = [f"{n} {v}" for n, v in found if n not in ("stand-in", "base image", *HOW)]
        versions += [v for n, v in found if n == "stand-in"]
        return {"machine": measurements.machine(docker), "versions": sorted(set(versions))}

    return about_measured


@pytest.fixture
def measured(
    about_measured: Callable[[], dict[str, Any]], request: pytest.FixtureRequest
) -> Callable[..., None]:
    """Return a function that writes a benchmark's table: its name, columns and rows."""

    def measured(name: str, columns: list[str], rows: list[list[measurements.Cell]]) -> None:
        topic = names.topic(request.path.relative_to(ROOT).as_posix())
        measurements.write(topic, name, columns, rows, **about_measured())

    return measured


@pytest.fixture
def measured_row(
    about_measured: Callable[[], dict[str, Any]], request: pytest.FixtureRequest
) -> Callable[..., None]:
    """Return a function that writes one row of a table: its name, columns, row and row names.

    It refuses to mix machines or versions in one table.
    """

    def measured_row(
        name: str, columns: list[str], row: list[measurements.Cell], order: list[str]
    ) -> None:
        topic = names.topic(request.path.relative_to(ROOT).as_posix())
        try:
            measurements.write_row(topic, name, columns, row, order, **about_measured())
        except measurements.MixedError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    return measured_row
