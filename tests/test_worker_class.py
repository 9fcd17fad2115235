"""The proofs of docs/worker-class.md."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from python_on_whales.exceptions import DockerException

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
TWO_SECONDS = ["--timeout", "2"]
KILLED = "WORKER TIMEOUT"
TWO_AFTER_IDLENESS = """
import time, urllib.request
urllib.request.urlopen("http://127.0.0.1:8000/health/").read()
time.sleep(3)
urllib.request.urlopen("http://127.0.0.1:8000/sleep/7/").read()
"""
SILENT_CLIENT = """
import http.client, socket, time
def ask():
    start = time.monotonic()
    other = http.client.HTTPConnection("127.0.0.1", 8000)
    other.request("GET", "/health/")
    other.getresponse().read()
    return time.monotonic() - start
ask()
silent = socket.create_connection(("127.0.0.1", 8000))
time.sleep(0.5)
print(ask())
time.sleep(10)
"""


@pytest.mark.parametrize("worker_class", ["", "sync", "gunicorn.workers.sync.SyncWorker"])
def test_threads_turn_sync_into_gthread(build, run, worker_class):
    """The log names the class that runs, with the default and with both names of sync."""
    flags = ["--worker-class", worker_class] if worker_class else []

    without = run(build(GTHREAD), *SYNC, *flags).wait_for_log("Booting worker")
    threaded = run(build(GTHREAD), *SYNC, *flags, "--threads", "2").wait_for_log("Booting worker")

    assert f"Using worker: {worker_class or 'sync'}" in without
    assert "Using worker: gthread" in threaded


@pytest.mark.parametrize("worker_class", ["asgi", "gevent"])
def test_threads_turn_no_other_class_into_gthread(build, run, worker_class):
    """The log names the class that was asked for."""
    image = build(GTHREAD, changes=with_gevent("gunicorn[gevent]"))

    container = run(image, *SYNC, "--threads", "2", "--worker-class", worker_class)

    assert f"Using worker: {worker_class}" in container.wait_for_log("Booting worker")


def test_print_config_shows_the_class_that_was_set(build, run):
    """It prints sync, where the log of the same flags says gthread."""
    printed = run(build(GTHREAD), *SYNC, "--threads", "2", "--print-config", ready="")
    started = run(build(GTHREAD), *SYNC, "--threads", "2")

    assert printed.exit_code == 0
    assert "worker_class = sync" in " ".join(printed.logs().split())
    assert "Using worker: gthread" in started.wait_for_log("Using worker")


def test_gthreads_stops_gunicorn(build, run):
    """Gunicorn names the class that it does not know, and exits with 1."""
    unknown = "class uri 'gthreads' invalid or not found"
    container = run(build(GTHREAD), *SYNC, "--worker-class", "gthreads", ready=unknown)

    assert container.exit_code == 1


def test_eventlet_stops_gunicorn(build, run):
    """Gunicorn knows this class no more, and exits with 1."""
    unknown = "class uri 'eventlet' invalid or not found"
    container = run(build(GTHREAD), *SYNC, "--worker-class", "eventlet", ready=unknown)

    assert container.exit_code == 1


def test_gevent_needs_the_extra_of_gunicorn(build, run):
    """Installed beside Gunicorn, gevent is not enough: packaging is missing."""
    beside = build(GTHREAD, changes=with_gevent("gunicorn"))
    extra = build(GTHREAD, changes=with_gevent("gunicorn[gevent]"))

    failed = run(beside, *SYNC, "--worker-class", "gevent", ready="No module named 'packaging'")
    started = run(extra, *SYNC, "--worker-class", "gevent")

    assert failed.exit_code == 1
    assert started.get("/health/").text == "ok"


def test_gthread_alone_has_one_thread(build, run):
    """Four requests of three seconds take twelve; with the threads of the page, far less."""
    alone = seconds_for(4, "/sleep/3/", run(build(GTHREAD), *ALONE))
    threaded = seconds_for(4, "/sleep/3/", run(build(GTHREAD), *ALONE, "--threads", "4"))

    assert alone >= 12
    assert threaded < alone / 2


def test_sync_fails_a_request_longer_than_the_timeout(build, run):
    """A request of 6 s meets a timeout of 2 s: the client gets a 500, and the worker is killed."""
    container = run(build(GTHREAD), *SYNC, *TWO_SECONDS)

    response = container.get("/sleep/6/")

    assert response.status_code == 500
    assert KILLED in container.wait_for_log("Booting worker", count=2)


def test_gthread_has_no_request_timeout(build, run):
    """A request of 6 s meets the same timeout of 2 s, and is answered."""
    container = run(build(GTHREAD), env={"GUNICORN_CMD_ARGS": "--timeout 2"})

    response = container.get("/sleep/6/")

    assert response.text == "slept"
    assert KILLED not in container.logs()


def test_holding_the_gil_kills_gthread(build, run):
    """A regular expression that never ends stops the heartbeat, and the client gets no answer."""
    container = run(build(GTHREAD), env={"GUNICORN_CMD_ARGS": "--timeout 2"})

    with pytest.raises(httpx.TransportError):
        container.get("/hold-gil/60/")

    log = container.wait_for_log("Booting worker", count=2)
    assert KILLED in log
    assert "was sent SIGKILL! Perhaps out of memory?" in log


def test_idle_worker_is_left_alone(build, run):
    """Both classes idle for longer than twice the timeout, and the log stays as it was."""
    image = build(GTHREAD)
    containers = [run(image, *SYNC, "--timeout", "3"), run(image, *ALONE, "--timeout", "3")]
    before = [container.wait_for_log("Booting worker") for container in containers]

    time.sleep(7)

    assert [container.logs() for container in containers] == before


def test_silent_client_kills_sync_but_not_gthread(build, run):
    """A client connects and says nothing; another asks, and waits for sync to be killed."""
    sync = run(build(GTHREAD), *SYNC, "--timeout", "8")
    gthread = run(build(GTHREAD), env={"GUNICORN_CMD_ARGS": "--timeout 8"})

    command = ["python", "-c", SILENT_CLIENT]
    asked = [c.background.submit(c.exec, *command) for c in (sync, gthread)]
    seconds_on_sync, seconds_on_gthread = (float(answer.result()) for answer in asked)

    assert KILLED in sync.logs()
    assert KILLED not in gthread.logs()
    assert seconds_on_gthread < seconds_on_sync / 2


@pytest.mark.parametrize("command", [ASGI, GEVENT_CLASS], ids=["asgi", "gevent"])
def test_async_classes_ignore_threads(build, run, command):
    """Twenty requests of three seconds would take thirty with two threads, and take far less."""
    image = build(GTHREAD, changes=with_gevent("gunicorn[gevent]"))
    container = run(image, *command, "--threads", "2")

    assert seconds_for(20, "/sleep/3/", container) < 30 * 0.8


def test_sync_takes_longest_for_twenty_slow_requests(build, run):
    """Twenty requests of 1.5 s: one at a time, two at a time, and all at once."""
    image = build(GTHREAD, changes=with_gevent("gunicorn[gevent]"))
    containers = [run(image, *SYNC), run(image), run(image, *ASGI), run(image, *GEVENT_CLASS)]

    with ThreadPoolExecutor() as pool:
        ask = partial(seconds_for, 20, "/sleep/1.5/")
        sync, gthread, asgi, gevent = pool.map(ask, containers)

    assert sync >= 30
    assert 15 <= gthread < sync * 0.8
    assert max(asgi, gevent) < gthread * 0.8


def test_computing_view_holds_up_gevent(build, run):
    """A client sends a request while a view computes, and gets its response after the view's.

    On gthread, where the view computes ten times as much, it gets it before.
    """
    image = build(GTHREAD, changes=with_gevent("gunicorn[gevent]"))
    gevent, gthread = run(image, *GEVENT_CLASS), run(image)

    assert not is_answered_before("/cpu/40000000/", gevent)
    assert is_answered_before("/cpu/400000000/", gthread)


def test_gevent_has_no_request_timeout(build, run):
    """A request of 6 s meets a timeout of 2 s, and is answered."""
    image = build(GTHREAD, changes=with_gevent("gunicorn[gevent]"))
    container = run(image, *GEVENT_CLASS, *TWO_SECONDS)

    response = container.get("/sleep/6/")

    assert response.text == "slept"
    assert KILLED not in container.logs()


def test_second_bind_shortens_the_timeout_of_sync(build, run):
    """Three idle seconds and seven of a request: more than a timeout of 8 s with two binds only."""
    flags = ["--timeout", "8"]
    one = run(build(GTHREAD), *SYNC, *flags)
    two = run(build(GTHREAD), *SYNC, *flags, "--bind", "0.0.0.0:8001")

    ask = ["python", "-c", TWO_AFTER_IDLENESS]
    asked = [c.background.submit(c.exec, *ask) for c in (one, two)]

    assert asked[0].result() == ""
    with pytest.raises(DockerException, match="HTTP Error 500"):
        asked[1].result()
    assert KILLED not in one.logs()
    assert KILLED in two.logs()


def test_asgi_serves_django_without_another_package(build, run):
    """The image has what Gunicorn and Django bring along, and asgi serves core.asgi."""
    container = run(build(GTHREAD), *ASGI)

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
    """Gunicorn boots without an error, and then each answer is a 500."""
    command = ["gunicorn", application, *SYNC[2:], "--worker-class", worker_class]
    container = run(build(GTHREAD), *command)
    booted = container.wait_for_log("Booting worker")

    codes = [container.get("/health/").status_code for _ in range(2)]

    assert "ERROR" not in booted
    assert codes == [500, 500]
    assert len(re.findall(complaint, container.logs())) == 2


def test_gunicorn_23_knows_no_asgi(build, run):
    """Gunicorn 23 exits with 1; 25.1 serves."""
    of_23, of_25 = (
        build("signals/exec-form.Dockerfile", requirements={"gunicorn": version})
        for version in ("23.0.0", "25.1.0")
    )

    unknown = run(of_23, *OF_23, "--worker-class", "asgi", ready="class uri 'asgi' invalid")
    known = run(of_25, *ASGI)

    assert unknown.exit_code == 1
    assert known.get("/health/").text == "ok"


def test_gunicorn_25_knows_eventlet(build, run):
    """Gunicorn 25.3 asks for the package of its eventlet class; 27 has no such class."""
    image = build("signals/exec-form.Dockerfile", requirements={"gunicorn": "25.3.0"})
    container = run(image, *SYNC, "--worker-class", "eventlet", ready="eventlet worker requires")

    assert container.exit_code == 1
