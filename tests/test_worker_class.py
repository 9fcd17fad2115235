"""The proofs of docs/worker-class.md."""

import time

import httpx
import pytest

from images import PROJECT

GTHREAD = "worker-class/gthread.Dockerfile"
SYNC = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
ALONE = [*SYNC, "--worker-class", "gthread"]
TWO_SECONDS = ["--timeout", "2"]
KILLED = "WORKER TIMEOUT"
GEVENT = "gevent==26.9.0\ngreenlet==3.5.6\nzope.event==6.2\nzope.interface==8.7\n"
SILENT_CLIENT = """
import http.client, socket, time
silent = socket.create_connection(("127.0.0.1", 8000))
time.sleep(0.5)
start = time.monotonic()
other = http.client.HTTPConnection("127.0.0.1", 8000)
other.request("GET", "/health/")
other.getresponse().read()
print(time.monotonic() - start)
time.sleep(4)
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
    """Four requests of a second take four; with the threads of the page, far less."""
    alone = seconds_for_four(run(build(GTHREAD), *ALONE))
    threaded = seconds_for_four(run(build(GTHREAD), *ALONE, "--threads", "4"))

    assert alone >= 4
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
    sync = run(build(GTHREAD), *SYNC, *TWO_SECONDS)
    gthread = run(build(GTHREAD), env={"GUNICORN_CMD_ARGS": "--timeout 2"})

    command = ["python", "-c", SILENT_CLIENT]
    asked = [c.background.submit(c.exec, *command) for c in (sync, gthread)]
    seconds_on_sync, seconds_on_gthread = (float(answer.result()) for answer in asked)

    assert KILLED in sync.logs()
    assert KILLED not in gthread.logs()
    assert seconds_on_gthread < seconds_on_sync / 2


def with_gevent(gunicorn):
    """Return the change of requirements.txt that adds gevent and names Gunicorn so."""
    pins = (PROJECT / "requirements.txt").read_text()
    return {"requirements.txt": GEVENT + pins.replace("gunicorn==", f"{gunicorn}==")}


def seconds_for_four(container):
    """Return how long four requests of a second take, sent at once."""
    container.get("/health/")
    start = time.monotonic()
    responses = [container.start_get("/sleep/1/") for _ in range(4)]
    assert {response.result().text for response in responses} == {"slept"}
    return time.monotonic() - start
