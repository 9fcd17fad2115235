"""The proofs of docs/asgi.md."""

import json
import re
from contextlib import ExitStack

import httpx
import pytest

from harness import SNIPPETS
from harness.container import PATIENCE, wait_until
from scenarios.asgi import (
    COMPLETE,
    IMAGE,
    KILL_A_WORKER,
    LISTENING,
    ON_ASGI,
    ON_UVICORN_WORKER,
    PROBED,
    PROBES,
    UVICORN,
    begun,
    is_up,
    seconds_of_lines,
    threads,
)
from scenarios.worker_classes import is_answered_before

APP = "dockerfile/app.Dockerfile"
THREE_SECONDS = ["--timeout", "3"]
OLD_WORKER = ["--worker-class", "uvicorn.workers.UvicornWorker"]
TWO = ["--workers", "2"]
KILLED = "WORKER TIMEOUT"
NOT_LIFESPAN = "recorded: Django can only handle ASGI/HTTP connections, not lifespan."
WITHOUT_LIFESPAN = ["--worker-class", "probes.without_lifespan.Worker"]  # the last one wins


@pytest.fixture
def start(build, run):
    """Return a function that runs a command in an image with all of the servers."""

    def start(*command, ready, env=None):
        image = build(IMAGE, changes=PROBES)
        return run(image, *command, ready=ready, env=PROBED | (env or {}))

    return start


@pytest.fixture
def container(build, run_once):
    """Run the page's file once, for all tests that only look at it."""
    return run_once(build(IMAGE, changes=PROBES), ready=LISTENING, env=PROBED)


def test_asgi_file_serves(container):
    """The page's file runs this worker class, and both async and sync views respond."""
    container.wait_for_log("Using worker: asgi")
    assert container.get("/async/sleep/?seconds=0").text == "slept"
    assert container.get("/health/").text == "ok"


def test_command_alone_turns_the_app_image_to_asgi(build, run):
    """The app image runs with the command of the page's file instead of its own."""
    command = json.loads(re.search(r"(?s)^CMD (.*)", dockerfile(), re.MULTILINE)[1])

    container = run(build(APP), *command, ready=LISTENING)

    assert container.get("/health/").text == "ok"


def test_async_generator_is_sent_line_by_line(container):
    """The response's last line arrives six seconds after its first."""
    first, last = seconds_of_lines("/async/stream/?lines=3&seconds=3", container)

    assert last - first > 3


def test_sync_generator_is_sent_at_its_end(container):
    """The first of three lines arrives together with the last, and Django logs a warning."""
    first, last = seconds_of_lines("/stream/3/1/", container)

    assert last > 3
    assert last - first < last / 2
    container.wait_for_log("StreamingHttpResponse must consume synchronous iterators")


@pytest.mark.parametrize("path", ["/async/sleep/?seconds=10", "/sleep/10/"], ids=["async", "sync"])
def test_each_waiting_request_takes_a_thread(container, path):
    """Ten requests wait in an async or a sync view: either way, there are ten more threads."""
    container.get("/health/")
    before = threads(container)

    assert threads_while_ten_wait(path, container) >= before + 8


def test_blocking_async_view_holds_up_all(container):
    """A later request waits behind a blocking async view, but not behind a sync view."""
    assert not is_answered_before("/async/block/?seconds=10", container)
    assert is_answered_before("/sleep/10/", container)


@pytest.mark.parametrize("command", [ON_ASGI, ON_UVICORN_WORKER], ids=["asgi", "uvicorn"])
def test_blocked_loop_is_killed_at_the_timeout(start, command):
    """With a timeout of 3 s, one request waits for 7 s, and another blocks for 12 s."""
    ready = LISTENING if command is ON_ASGI else COMPLETE
    container = start(*command, *THREE_SECONDS, ready=ready)

    waited = container.get("/async/sleep/?seconds=7").text
    before = container.logs()
    with pytest.raises(httpx.TransportError):
        container.get("/async/block/?seconds=12")

    assert waited == "slept"
    assert KILLED not in before
    assert KILLED in container.wait_for_log("Booting worker", count=2)


def test_old_uvicorn_worker_is_deprecated(start):
    """The old class serves requests, and warns only if Python is set to show such warnings."""
    command = [*ON_ASGI, *OLD_WORKER]  # the last one wins
    hidden = start(*command, ready=COMPLETE)
    warned = start(*command, ready=COMPLETE, env={"PYTHONWARNINGS": "default"})

    assert "deprecated" not in hidden.logs()
    warned.wait_for_log("The `uvicorn.workers` module is deprecated")
    assert wait_until(lambda: is_up(warned))
    assert wait_until(lambda: is_up(hidden))


@pytest.mark.parametrize(
    ("command", "ready"),
    [(ON_ASGI, LISTENING), (ON_UVICORN_WORKER, COMPLETE), ([*UVICORN, *TWO], COMPLETE)],
    ids=["asgi", "uvicorn-worker", "uvicorn"],
)
def test_stop_finishes_requests(start, command, ready):
    """The stop begins while an async and a sync view wait, and ends after both responses."""
    container = start(*command, ready=ready)
    answers = begun(container, "/async/sleep/?seconds=4", "/sleep/4/")

    stopped = container.stop(grace=PATIENCE)

    assert [answer.result().text for answer in answers] == ["slept", "slept"]
    assert stopped.exit_code == 0


def test_uvicorn_alone_has_no_limit_of_its_own(start):
    """During a stop, a request of 30 s is killed by Docker, or cut by Uvicorn's option."""
    plain = start(*UVICORN, ready=COMPLETE)
    limited = start(*UVICORN, "--timeout-graceful-shutdown", "2", ready=COMPLETE)
    for container in (plain, limited):
        begun(container, "/async/sleep/?seconds=30")

    assert plain.stop(grace=5).exit_code == 137
    assert limited.stop(grace=15).exit_code == 0


def test_uvicorn_replaces_a_dead_worker(start):
    """When one of two workers is killed, another one starts."""
    container = start(*UVICORN, *TWO, ready=COMPLETE)
    container.wait_for_log(COMPLETE, count=2)

    container.exec("python", "-c", KILL_A_WORKER)

    assert "died" in container.wait_for_log(COMPLETE, count=3)
    assert container.get("/health/").text == "ok"


def test_lifespan_on_stops_gunicorn(start, container):
    """Django has no lifespan: by default, nothing is logged; with `on`, Gunicorn exits with 3."""
    failed = start(*ON_ASGI, "--asgi-lifespan", "on", ready="lifespan startup failed")

    assert failed.exit_code == 3
    assert "lifespan" not in container.logs()


@pytest.mark.parametrize("command", [ON_ASGI, UVICORN], ids=["asgi", "uvicorn"])
def test_lifespan_event_raises_an_error_in_django(start, command):
    """A tool that records exceptions sees Django's error, and requests get responses."""
    container = start(*recorded(command), ready=NOT_LIFESPAN)

    assert wait_until(lambda: is_up(container))


@pytest.mark.parametrize(
    "command",
    [
        [*ON_ASGI, "--asgi-lifespan", "off"],
        [*UVICORN, "--lifespan", "off"],
        [*ON_ASGI, *WITHOUT_LIFESPAN],
    ],
    ids=["asgi", "uvicorn", "uvicorn-worker"],
)
def test_lifespan_off_avoids_the_error(start, command):
    """The same tool sees no error before the first response."""
    container = start(*recorded(command), ready="")

    assert wait_until(lambda: is_up(container))
    assert "recorded" not in container.logs()


def test_asgi_does_not_limit_connections(start):
    """With a limit of two, each of five clients gets its stream's first line; no stream ends."""
    container = start(*ON_ASGI, "--worker-connections", "2", ready=LISTENING)
    address = f"{container.address}/async/stream/?lines=2&seconds=600"

    with ExitStack() as opened:
        streams = [httpx.stream("GET", address, timeout=PATIENCE) for _ in range(5)]
        lines = [next(opened.enter_context(stream).iter_lines()) for stream in streams]

    assert lines == ["0"] * 5


def recorded(command):
    """Return a server's command, with an application that records Django's errors."""
    return [command[0], "probes.recorded:application", *command[2:]]


def dockerfile():
    """Return the text of the page's file, with its lines joined as Docker joins them."""
    return (SNIPPETS / IMAGE).read_text().replace("\\\n", "")


def threads_while_ten_wait(path, container):
    """Return the highest number of threads while ten requests wait."""
    answers = [container.start_get(path) for _ in range(10)]
    seen = []
    while not all(answer.done() for answer in answers):
        seen.append(threads(container))
    return max(seen)
