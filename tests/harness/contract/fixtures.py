"""The fixtures of tests/contract.py: the image, its containers, and what is in its layers.

A requirement with the mark `waits` is checked in a thread from the beginning, and its result is
shown in order. The others are checked in order.
"""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from inspect import signature
from typing import Any

import pytest
from python_on_whales import DockerClient, Image
from python_on_whales.components.container.models import ContainerConfig
from python_on_whales.exceptions import DockerException

from harness import ROOT, engine
from harness.container import Container
from harness.contract import secret_names
from harness.contract.containers import Containers
from harness.contract.report import NOTES
from harness.contract.verdicts import quoted, require
from harness.engine.private import EngineError
from harness.images import Builder

HALF_A_REQUEST = (ROOT / "tests/probes/half_a_request.py").read_text()
LOOK_AT_DJANGO = (ROOT / "tests/probes/look_at_django.py").read_text()
RESULT = pytest.StashKey[Future[None]]()


@pytest.fixture(scope="session")
def image(
    pytestconfig: pytest.Config,
    docker: DockerClient,
    builder: Builder,
    record_testsuite_property: Callable[[str, object], None],
) -> Image:
    """Return the image, given by name or built; the report also shows its size."""
    option, name, error = pytestconfig.option, pytestconfig.option.image, None
    try:
        if option.build:
            name, dockerfile = builder.tag("contract"), option.build.resolve()
            builder.have_bases(dockerfile)
            docker.legacy_build(option.context or dockerfile.parent, file=dockerfile, tags=name)
        elif not docker.image.exists(name):
            docker.pull(name, quiet=True)
    except (DockerException, EngineError, OSError) as raised:
        error = getattr(raised, "stderr", None) or str(raised)
    require(error is None, f"no image, {quoted((error or '').splitlines())}", "dockerfile.html")
    image: Image = docker.image.inspect(name)
    layers, size = len(image.root_fs.layers or []), round(image.size / 1e6)
    for key, value in {"layers": layers, "size in MB": size}.items():
        record_testsuite_property(key, value)
    pytestconfig.stash[NOTES] = [f"{layers} layers, {size} MB"]
    return image


@pytest.fixture(scope="session")
def config(image: Image) -> ContainerConfig:
    """Return the image's settings for its containers."""
    return image.config


@pytest.fixture(scope="session")
def threads() -> Iterator[ThreadPoolExecutor]:
    """Return the background threads."""
    threads = ThreadPoolExecutor(16)
    yield threads
    threads.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def containers(
    image: Image,
    config: ContainerConfig,
    docker: DockerClient,
    threads: ThreadPoolExecutor,  # noqa: ARG001 -- they end when their containers are removed
    pytestconfig: pytest.Config,
) -> Iterator[Containers]:
    """Return the object that starts containers, and removes all of them when the check ends."""
    option = pytestconfig.option
    env = dict(variable.split("=", 1) for variable in option.env)
    labels = {engine.LABEL: os.environ["PROOFS_RUN"]}
    ports = list(config.exposed_ports or {})
    containers = Containers(docker, image.id, ports, option.path, envs=env, labels=labels)
    yield containers
    containers.close()


@pytest.fixture(scope="session")
def secrets(
    image: Image, docker: DockerClient, threads: ThreadPoolExecutor
) -> Callable[[], secret_names.Secrets]:
    """Return a function that waits for the secrets found in the image's layers and build steps."""
    return threads.submit(secret_names.find, docker, image.id).result


@pytest.fixture(scope="session")
def container(containers: Containers) -> Container:
    """Return a container for all requirements that only look at it."""
    return containers.start()


@pytest.fixture(scope="session")
def ask_django(container: Container) -> Callable[..., dict[str, Any]]:
    """Return a function that reads Django's settings in the container, in a separate process.

    Its arguments are links to static files. Without a working manage.py, the check is skipped.
    """

    def ask_django(*links: str) -> dict[str, Any]:
        try:
            printed = container.exec("python", "-c", LOOK_AT_DJANGO, *links)
        except DockerException as error:
            last = (error.stderr or "").strip().splitlines()[-1:]
            pytest.skip(f"Django's settings cannot be read here, {quoted(last)}")
        found: dict[str, Any] = json.loads(printed.splitlines()[-1])
        return found

    return ask_django


@pytest.fixture(scope="session")
def django(ask_django: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Return the output of one Django process, for all requirements that only look at it."""
    return ask_django()


@pytest.fixture(scope="session")
def start(containers: Containers) -> Callable[..., Container]:
    """Return a function that starts another container from the image."""
    return containers.start


@pytest.fixture(scope="session")
def client(containers: Containers) -> Callable[[Container], Container]:
    """Return a function that sends half a request to a container from a client that outlives it.

    The client sends the second half after SIGUSR1.
    """

    def client(container: Container) -> Container:
        port = containers.ports[0].partition("/")[0]
        command = ["-c", HALF_A_REQUEST, port, containers.path]
        networks = [f"container:{container.handle.id}"]
        client = containers.run(command, entrypoint="python", networks=networks)
        client.wait_for_log("sent one half")
        return client

    return client


@pytest.fixture(scope="session", autouse=True)
def begin(request: pytest.FixtureRequest, threads: ThreadPoolExecutor) -> None:
    """Begin every requirement that waits, the last one first, because it waits longest.

    If a fixture fails, nothing begins, and each requirement that uses it reports the failure.
    """
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    waiting = [item for item in items if item.get_closest_marker("waits")]
    with suppress(pytest.fail.Exception):
        if any("secrets" in item.fixturenames for item in items):
            request.getfixturevalue("secrets")
        values = [{name: request.getfixturevalue(name) for name in names(item)} for item in waiting]
        for item, arguments in reversed(list(zip(waiting, values, strict=True))):
            item.stash[RESULT] = threads.submit(item.obj, **arguments)


def names(item: pytest.Function) -> list[str]:
    """Return the names of the fixtures that a requirement itself uses."""
    return list(signature(item.obj).parameters)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Wait for the result of a requirement that is checked in a thread."""
    if result := pyfuncitem.stash.get(RESULT, None):
        result.result()
    return bool(result) or None
