"""The proofs of docs/worker-class.md."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from python_on_whales.exceptions import DockerException

from harness import ROOT
from harness.container import wait_until
from scenarios.worker_classes import (
    ALONE,
    ASGI,
    GEVENT_CLASS,
    GTHREAD,
    SYNC,
    is_answered_before,
    seconds_for,
    with_gevent,
)

OF_23 = ["gunicorn", "core.asgi", "--bind", "0.0.0.0:8000"]
CLASSES = {"asgi": ASGI, "gevent": GEVENT_CLASS}
FOUR_SECONDS = ["--timeout", "4"]
KILLED = "WORKER TIMEOUT"
PROBES = ROOT / "tests/probes"
TWO_AFTER_IDLENESS, BESIDE_A_SILENT_CLIENT = "idle_then_slow.py", "beside_a_silent_client.py"


@pytest.mark.parametrize("worker_class", ["", "sync", "gunicorn.workers.sync.SyncWorker"])
def test_threads_turn_sync_into_gthread(small_image, run_once, worker_class):
    """The log shows the active class, for the default class and for both names of sync."""
    flags = ["--worker-class", worker_class] if worker_class else []

    without = run_once(small_image, *SYNC, *flags)
    threaded = run_once(small_image, *SYNC, "--threads", "2", *flags)

    assert f"Using worker: {worker_class or 'sync'}" in without.wait_for_log("Booting worker")
    assert "Using worker: gthread" in threaded.wait_for_log("Booting worker")


@pytest.fixture
def image(build):
    """Build the page's image with gevent, installed by Gunicorn's extra."""
    return build(GTHREAD, changes=with_gevent("gunicorn[gevent]"))


@pytest.mark.parametrize("worker_class", ["asgi", "gevent"])
def test_threads_turn_no_other_class_into_gthread(image, run_once, worker_class):
    """The log shows the class that the option sets."""
    container = run_once(image, *CLASSES[worker_class], "--threads", "2")

    assert f"Using worker: {worker_class}" in container.wait_for_log("Booting worker")


def test_print_config_shows_the_class_that_was_set(small_image, inside, run_once):
    """--print-config prints sync, although the log of the same flags says gthread."""
    printed = inside(small_image, *SYNC, "--threads", "2", "--print-config")
    started = run_once(small_image, *SYNC, "--threads", "2")

    assert printed.exit_code == 0
    assert "worker_class = sync" in " ".join(printed.output.split())
    assert "Using worker: gthread" in started.wait_for_log("Using worker")


def test_gthreads_stops_gunicorn(small_image, inside):
    """Gunicorn prints the class that it does not recognize, and exits with code 1."""
    ended = inside(small_image, *SYNC, "--worker-class", "gthreads")

    assert ended.exit_code == 1
    assert "class uri 'gthreads' invalid or not found" in ended.output


def test_eventlet_stops_gunicorn(small_image, inside):
    """Gunicorn 27 no longer recognizes this class, and exits with code 1."""
    ended = inside(small_image, *SYNC, "--worker-class", "eventlet")

    assert ended.exit_code == 1
    assert "class uri 'eventlet' invalid or not found" in ended.output


def test_gevent_needs_the_extra_of_gunicorn(build, image, inside, run_once):
    """Without the extra, installing gevent next to Gunicorn is not enough: packaging is missing."""
    beside = build(GTHREAD, changes=with_gevent("gunicorn"))

    failed = inside(beside, *GEVENT_CLASS)
    started = run_once(image, *GEVENT_CLASS)

    assert failed.exit_code == 1
    assert "No module named 'packaging'" in failed.output
    assert started.get("/health/").text == "ok"


def test_gthread_alone_has_one_thread(small_image, run):
    """Four requests of three seconds take twelve seconds; with four threads, far less."""
    containers = [run(small_image, *ALONE), run(small_image, *ALONE, "--threads", "4")]

    alone, threaded = at_once(4, "/sleep/3/", containers)

    assert alone >= 12
    assert threaded < alone / 2


def test_sync_fails_a_request_longer_than_the_timeout(plain_image, run):
    """A request sleeps for 12 s, with a timeout of 4 s: it gets a 500, and a new worker boots."""
    container = run(plain_image, *SYNC, *FOUR_SECONDS)

    response = container.get("/sleep/12/")

    assert response.status_code == 500
    assert KILLED in container.wait_for_log("Booting worker", count=2)


def test_gthread_has_no_request_timeout(build, run):
    """A request of 12 s, with the same timeout of 4 s, gets its response."""
    container = run(build(GTHREAD), env={"GUNICORN_CMD_ARGS": "--timeout 4"})

    response = container.get("/sleep/12/")

    assert response.text == "slept"
    assert KILLED not in container.logs()


def test_holding_the_gil_kills_gthread(build, run):
    """A regular expression that never ends stops the heartbeat; the client gets no response."""
    container = run(build(GTHREAD), env={"GUNICORN_CMD_ARGS": "--timeout 4"})

    with pytest.raises(httpx.TransportError):
        container.get("/hold-gil/60/")

    log = container.wait_for_log("Booting worker", count=2)
    assert KILLED in log
    assert "was sent SIGKILL! Perhaps out of memory?" in log


def test_idle_worker_is_left_alone(small_image, run):
    """Both classes are idle for more than twice the timeout, and nothing is logged."""
    containers = [run(small_image, *c, "--timeout", "5") for c in (SYNC, ALONE)]
    before = [container.wait_for_log("Booting worker") for container in containers]

    time.sleep(11)

    assert [container.logs() for container in containers] == before


def test_silent_client_kills_sync_but_not_gthread(build, run):
    """A client connects and sends nothing; sync makes another client's request wait."""
    sync = run(build(GTHREAD), *SYNC, "--timeout", "8")
    gthread = run(build(GTHREAD), env={"GUNICORN_CMD_ARGS": "--timeout 8"})

    command = ["python", "-c", (PROBES / BESIDE_A_SILENT_CLIENT).read_text()]
    asked = [c.background.submit(c.exec, *command) for c in (sync, gthread)]
    seconds_on_sync, seconds_on_gthread = (float(answer.result()) for answer in asked)

    sync.wait_for_log(KILLED)
    assert KILLED not in gthread.logs()
    assert seconds_on_gthread < seconds_on_sync / 2


@pytest.mark.parametrize("command", CLASSES.values(), ids=CLASSES)
def test_async_classes_ignore_threads(image, run_once, command):
    """Twenty requests of 3 s would take 30 s with two threads, but take far less."""
    container = run_once(image, *command, "--threads", "2")

    assert seconds_for(20, "/sleep/3/", container) < 30 * 0.8


def test_sync_takes_longest_for_twenty_slow_requests(image, run_once):
    """Twenty requests of 1.5 s run one at a time, two at a time, or all concurrently."""
    containers = [run_once(image, *command) for command in (SYNC, (), ASGI, GEVENT_CLASS)]

    sync, gthread, asgi, gevent = at_once(20, "/sleep/1.5/", containers)

    assert sync >= 30
    assert 15 <= gthread < sync * 0.8
    assert max(asgi, gevent) < gthread * 0.8


def test_computing_view_holds_up_gevent(image, run, run_once):
    """A client sends a request while a view computes, and gets its response after the view's.

    With gthread, the client gets its response first, although the view computes ten times longer.
    """
    gevent, gthread = run_once(image, *GEVENT_CLASS), run(image)

    assert not is_answered_before("/cpu/40000000/", gevent)
    assert is_answered_before("/cpu/400000000/", gthread)


def test_gevent_has_no_request_timeout(image, run):
    """A request of 12 s, with a timeout of 4 s, gets its response."""
    container = run(image, *GEVENT_CLASS, *FOUR_SECONDS)

    response = container.get("/sleep/12/")

    assert response.text == "slept"
    assert KILLED not in container.logs()


def test_second_bind_shortens_the_timeout_of_sync(build, run):
    """Three idle seconds plus a request of 7 s exceed a timeout of 8 s only with two binds."""
    flags = ["--timeout", "8"]
    one = run(build(GTHREAD), *SYNC, *flags)
    two = run(build(GTHREAD), *SYNC, *flags, "--bind", "0.0.0.0:8001")

    ask = ["python", "-c", (PROBES / TWO_AFTER_IDLENESS).read_text()]
    asked = [c.background.submit(c.exec, *ask) for c in (one, two)]

    assert asked[0].result() == ""
    with pytest.raises(DockerException, match="HTTP Error 500"):
        asked[1].result()
    assert KILLED not in one.logs()
    two.wait_for_log(KILLED)


def test_asgi_serves_django_without_another_package(build, run_once):
    """The image has only Gunicorn, Django and their dependencies, and `asgi` serves core.asgi."""
    container = run_once(build(GTHREAD), *ASGI)

    installed = container.exec("pip", "list", "--format", "freeze")

    assert container.get("/health/").text == "ok"
    assert not re.search("(?i)uvicorn|uvloop|h11|httptools|websockets", installed)


@pytest.mark.parametrize(
    ("application", "worker_class", "complaint"),
    [
        ("core.asgi", "sync", r"ASGIHandler.__call__\(\) missing 1 required positional argument"),
        ("core.wsgi", "asgi", r"WSGIHandler.__call__\(\) takes 3 positional arguments"),
    ],
)
def test_mismatched_application_fails_each_request(
    build, run, application, worker_class, complaint
):
    """Gunicorn boots without an error, but returns 500 for every request."""
    command = ["gunicorn", application, *SYNC[2:], "--worker-class", worker_class]
    container = run(build(GTHREAD), *command)
    booted = container.wait_for_log("Booting worker")

    codes = [container.get("/health/").status_code for _ in range(2)]

    assert "ERROR" not in booted
    assert codes == [500, 500]
    assert wait_until(lambda: len(re.findall(complaint, container.logs())) == 2)


def test_gunicorn_23_knows_no_asgi(build, inside, run):
    """Gunicorn 23 exits with code 1, but Gunicorn 25.1 serves the page."""
    of_23, of_25 = (
        build("signals/exec-form.Dockerfile", requirements={"gunicorn": version})
        for version in ("23.0.0", "25.1.0")
    )

    unknown = inside(of_23, *OF_23, "--worker-class", "asgi")
    known = run(of_25, *ASGI)

    assert unknown.exit_code == 1
    assert "class uri 'asgi' invalid" in unknown.output
    assert known.get("/health/").text == "ok"


def test_gunicorn_25_knows_eventlet(build, inside):
    """Gunicorn 25.3 reports that the package for its eventlet class is missing."""
    image = build("signals/exec-form.Dockerfile", requirements={"gunicorn": "25.3.0"})

    ended = inside(image, *SYNC, "--worker-class", "eventlet")

    assert ended.exit_code == 1
    assert "eventlet worker requires" in ended.output


def at_once(count, path, containers):
    """Return how long each container takes for this many concurrent requests."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(partial(seconds_for, count, path), containers))
