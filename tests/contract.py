"""The contract of a production image, one requirement a function: docs/check-your-image.md.

It is no test of the guide, and runs alone: uv run pytest tests/contract.py --image my/image:tag
"""

import io
import json
import os
import re
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from harness import engine
from harness.container import Container
from harness.contract import saved_image
from harness.contract.report import SIZE
from harness.engine.private import EngineError
from harness.images import Builder

PATIENCE = 60 * int(os.environ.get("PROOFS_PATIENCE", "1"))  # seconds until a first response
DOCKERS_GRACE = 10  # seconds, https://docs.docker.com/reference/cli/docker/container/stop/
CHECKS = 3  # results of a health check in a row that are believed
EACH_SECOND = {"health_interval": 1, "health_start_period": 1, "health_retries": 2}
FIND_ROOT = """
import json, os, re
from pathlib import Path
root = []
for process in Path("/proc").glob("[0-9]*"):
    try:
        uids = re.search("Uid:(.*)", (process / "status").read_text())[1].split()
        if "0" in uids and process.name != str(os.getpid()):
            root.append(f"{process.name} ({(process / 'comm').read_text().strip()})")
    except (FileNotFoundError, ProcessLookupError):
        pass
print(json.dumps(root))
"""
SECRET_FILE = re.compile(
    r"\.env(?!\.(example|sample|template)$)(\..+)?|\.git|\.netrc|\.pgpass"
    r"|id_(rsa|dsa|ecdsa|ed25519)|.+\.(sqlite3|pem|key)"
)
SECRET_NAME = re.compile("(?i)SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|CREDENTIAL")
HALF_A_REQUEST = """
import signal, socket, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.settimeout(40)
client.sendall(f"GET {sys.argv[2]} HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n".encode())
time.sleep(2)  # now a worker has it
print("sent one half", flush=True)
signal.sigwait([signal.SIGUSR1])
time.sleep(1)  # now each process knows that it is to stop
try:
    client.sendall(b"Connection: close\\r\\n\\r\\n")
    line = client.recv(1024).decode().partition("\\r\\n")[0] or "nothing"
except OSError as error:
    line = str(error)
print("received", line, flush=True)
"""
STOP_THE_OTHERS = "import os, signal; os.kill(-1, signal.SIGSTOP)"


def test_answers_over_http(container, pytestconfig):
    """The path is asked on the port that the image exposes; a status below 500 is an answer."""
    path = pytestconfig.option.path
    status = container.get(path).status_code
    log = container.logs().splitlines()

    demand(status < 500, f"{path} answers {status}, {last(log)}", "troubleshooting.html")


def test_runs_without_root(container):
    """No process has root's user id, real or effective."""
    found = container.handle.execute(["python", "-c", FIND_ROOT], user="root")
    pids = ", ".join(json.loads(found))

    demand(not pids, f"root runs pid {pids}", "dockerfile.html#workers-run-without-root")


def test_logs_no_error_at_start(container):
    """Nothing of level ERROR or CRITICAL, and no traceback, when the first answer has come."""
    bad = [line for line in container.logs().splitlines() if re.search(ERROR, line)]

    demand(not bad, f"the log says {last(bad[:1])}", "troubleshooting.html")


def test_keeps_secret_files_out(secrets):
    """No layer has a file with a name such as .env or .git, or with a private key."""
    paths = ", ".join(secrets["files"][:5])

    demand(not paths, f"a layer has {paths}", "dockerfile.html#hidden-files-stay-out")


def test_keeps_secrets_out_of_its_history(secrets):
    """No variable of the image, or of a step of its build, has a name such as SECRET_KEY."""
    names = ", ".join(secrets["variables"][:5])

    page = "secrets.html#build-argument-stays-in-the-history"
    demand(not names, f"docker history shows {names}", page)


def test_runs_with_a_read_only_root(container, start, pytestconfig):
    """It answers as it does otherwise where only /tmp can be written to."""
    path, page = pytestconfig.option.path, "hardening.html#locked-container-serves-the-app"
    locked = start(read_only=True, tmpfs=["/tmp"], where=page)
    free, bound = (each.get(path).status_code for each in (container, locked))

    demand(bound == free, f"{path} answers {bound}, and else {free}", page)


def test_finishes_the_request_under_way(start, client):
    """A client sends one half of a request before the stop, and the other half after it."""
    container = start()
    config = container.docker.image.inspect(container.handle.image).config
    half = client(container)

    container.kill(str(config.stop_signal or "SIGTERM"))
    half.kill("SIGUSR1")

    line = half.wait_for_log("received").strip().rpartition("received ")[2]
    kept = re.match(r"HTTP/1\.\d [1-4]", line)
    page = "signals.html#exec-form-finishes-requests"
    demand(kept, f"a request that was under way at the stop gets: {line}", page)


def test_stops_in_time(start):
    """An idle container is stopped with Docker's ten seconds of grace, and exits with 0."""
    stopped = start().stop()

    told = f"docker stop took {stopped.seconds:.1f} s and exited with {stopped.exit_code}"
    in_time = stopped.seconds < DOCKERS_GRACE and stopped.exit_code == 0
    demand(in_time, told, "signals.html#shell-form-keeps-sigterm")


def test_turns_unhealthy_when_it_hangs(start, image):
    """Where the image has a HEALTHCHECK: healthy first, and unhealthy once all is suspended."""
    config = image.config.healthcheck
    if config is None or (config.test or ["NONE"]) == ["NONE"]:
        pytest.skip("the image has no HEALTHCHECK, see health-checks.html")
    container = start(**EACH_SECOND, health_timeout=5)
    wait_for_health(container, "healthy", "health-checks.html#image-without-curl-is-never-healthy")

    container.handle.execute(["python", "-c", STOP_THE_OTHERS], user="root")
    container.kill("SIGSTOP")

    wait_for_health(container, "unhealthy", "health-checks.html#check-fails-without-a-good-answer")


def test_answers_health_checks_of_any_host(container, pytestconfig):
    """Where a path is given: 200, also to one that names the container by its address."""
    if not (path := pytestconfig.option.health_path):
        pytest.skip("no --health-path is given, see health-checks.html")
    status = container.get(path, headers={"Host": "10.0.0.1"}).status_code

    page = "health-checks.html#check-ignores-host-and-https"
    demand(status == 200, f"{path} answers {status} to the host 10.0.0.1", page)


ERROR = r"\[(ERROR|CRITICAL)\]|^Traceback "


@pytest.fixture(scope="session")
def image(
    pytestconfig: pytest.Config, docker: DockerClient, builder: Builder, record_testsuite_property
):
    """Return the image that was named, or built; its size goes with the report."""
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
    demand(error is None, f"no image, {last((error or '').splitlines())}", "dockerfile.html")
    image = docker.image.inspect(name)
    layers, size = len(image.root_fs.layers), round(image.size / 1e6)
    for key, value in {"layers": layers, "size in MB": size}.items():
        record_testsuite_property(key, value)
    pytestconfig.stash[SIZE] = f"{layers} layers, {size} MB"
    return image


@pytest.fixture(scope="session")
def container(image, docker, request) -> Container:
    """Start the image once for all that only look at it."""
    return _start(image, docker, request)


@pytest.fixture(scope="session")
def secrets(image, docker) -> dict[str, list[str]]:
    """Return what is named like a secret in all layers, removed files too, and in all steps."""
    found = {"files": {}, "variables": {}}
    for part in saved_image.parts(docker, image.id):
        if saved_image.is_json(part):
            names = (variable.partition("=")[0] for variable in saved_image.variables(part))
            found["variables"] |= dict.fromkeys(filter(SECRET_NAME.search, names))
        else:
            found["files"] |= dict.fromkeys(secret_files(part))
    return {kind: list(names) for kind, names in found.items()}


@pytest.fixture
def start(container, image, docker, request) -> Callable[..., Container]:  # noqa: ARG001
    """Return a function that starts the image again; one that never answers is started once."""
    return partial(_start, image, docker, request)


@pytest.fixture
def client(image, docker, request) -> Callable[[Container], Container]:
    """Return a function that starts a client in the network of a container, which outlives it."""

    def client(container: Container) -> Container:
        path, port = request.config.option.path, next(iter(image.config.exposed_ports))
        command = ["-c", HALF_A_REQUEST, port.partition("/")[0], path]
        options = {"entrypoint": "python", "networks": [f"container:{container.handle.id}"]}
        client = _run(image, docker, request, command, **options)
        client.wait_for_log("sent one half")
        return client

    return client


def _start(image, docker, request, where="troubleshooting.html", **options: object) -> Container:
    """Start a container and wait for its first answer, of whatever status."""
    demand(image.config.exposed_ports, "no EXPOSE", "dockerfile.html#exposed-port-is-the-bound-one")
    options = {"publish_all": True, **options}
    container = _run(image, docker, request, [], where=where, **options)
    deadline = time.monotonic() + PATIENCE
    while True:
        with suppress(httpx.TransportError, IndexError):  # no answer, or no port
            container.get(request.config.option.path)
            return container
        log = last(container.logs().splitlines())
        if not container.running:
            demand(None, f"it exits with {container.exit_code} at the start, {log}", where)
        if time.monotonic() > deadline:
            demand(None, f"nothing answers in {PATIENCE} s, {log}",
                   "options.html#default-bind-is-not-reachable")  # fmt: skip
        time.sleep(0.3)


def _run(
    image, docker, request, command, where="troubleshooting.html", **options: object
) -> Container:
    """Run a container that goes with the test, or with the session."""
    env = dict(variable.split("=", 1) for variable in request.config.option.env)
    options |= {"labels": {engine.LABEL: os.environ["PROOFS_RUN"]}, "envs": env}
    handle, error = docker.container.create(image.id, command, **options), None
    request.addfinalizer(lambda: docker.remove(handle, force=True, volumes=True))
    try:
        handle.start()
    except DockerException as raised:
        error = raised.stderr
    demand(error is None, f"it does not start, {last((error or '').splitlines()[:1])}", where)
    return Container(docker, handle)


def wait_for_health(container: Container, status: str, where: str) -> None:
    """Wait until Docker calls the container so; a few checks in a row decide otherwise."""
    since, deadline = datetime.now(UTC), time.monotonic() + PATIENCE
    while (health := container.handle.state.health).status != status:
        late = [check for check in health.log or [] if check.start > since]
        if len(late) >= CHECKS or time.monotonic() > deadline:
            demand(None, f"it stays {health.status}, {last([c.output for c in late])}", where)
        time.sleep(0.3)


def secret_files(layer: bytes) -> Iterator[str]:
    """Yield the paths of secret files in a layer; those of packages, and certificates, are none."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as files:
        for file in files:
            if SECRET_FILE.fullmatch(Path(file.name).name) and "-packages/" not in file.name:
                is_key = file.name.endswith((".pem", ".key"))
                if not is_key or (
                    file.isfile() and b"PRIVATE KEY" in files.extractfile(file).read()
                ):
                    yield f"/{file.name}"


def demand(fact: object, line: str, where: str) -> None:
    """Fail in one line unless a fact holds: what is wrong, and which page mends it."""
    if not fact:
        pytest.fail(f"{line}: {where}", pytrace=False)


def last(lines: list[str]) -> str:
    """Return the last line that names an exception, or else the last one, quoted."""
    said = [line.strip() for line in lines if line.strip()]
    causes = [line for line in said if re.match(r"[\w.]*(Error|ImproperlyConfigured): ", line)]
    return f'"{(causes or said)[-1]}"' if said else "and says nothing"
