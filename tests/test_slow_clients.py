"""The proofs of docs/slow-clients.md."""

import json
from pathlib import Path
from statistics import median

import pytest

from scenarios.odd_clients import (
    ALL_KINDS,
    SMALL_BUFFERS,
    THREADED,
    THREE_SECONDS,
    TWO_THREADS,
    answers,
)
from scenarios.worker_classes import ASGI, GEVENT_CLASS, GTHREAD, SYNC, with_gevent

PLAIN = "signals/exec-form.Dockerfile"
OF_23 = SYNC[:-1]
KILLED = "WORKER TIMEOUT"
UNCLOSED = Path(__file__).parent / "probes/unclosed_connection.py"


@pytest.mark.parametrize("kind", ["sends half a request", "uploads slowly", "reads slowly"])
def test_slow_client_kills_sync(build, run, kind):
    """Others wait until the worker is replaced, although the client keeps sending or reading."""
    container = run(build(PLAIN), *SYNC, *THREE_SECONDS, sysctl=SMALL_BUFFERS)

    wait, after = answers(container, {kind: 1})

    container.wait_for_log(KILLED)
    assert wait > 2
    assert after < wait / 2


@pytest.mark.parametrize("kind", ["sends half a request", "uploads slowly", "reads slowly"])
def test_slow_client_holds_a_thread(build, run, kind):
    """One of two threads serves others; with both blocked, all wait, and no worker is killed."""
    container = run(build(PLAIN), *THREADED, *THREE_SECONDS, sysctl=SMALL_BUFFERS)

    wait_beside_one, _ = answers(container, {kind: 1})
    wait_beside_two, after = answers(container, {kind: 2}, patience=8)

    assert wait_beside_one < 8
    assert wait_beside_two is None
    assert after < 8
    assert KILLED not in container.logs()


def test_gthread_parks_silent_clients(build, run):
    """Two silent clients use two threads for five seconds; with one, others are served."""
    container = run(build(PLAIN), *THREADED, *THREE_SECONDS)

    wait_beside_one, _ = answers(container, {"says nothing": 1})
    wait_beside_two, _ = answers(container, {"says nothing": 2})

    assert 3 < wait_beside_two < 15
    assert wait_beside_one < wait_beside_two / 2
    assert KILLED not in container.logs()


@pytest.mark.parametrize("command", [ASGI, GEVENT_CLASS], ids=["asgi", "gevent"])
def test_slow_clients_do_not_hold_async_classes(build, run, command):
    """Four clients of each kind stay longer than the timeout; another gets its page."""
    image = build(GTHREAD, changes=with_gevent("gunicorn[gevent]"))
    container = run(image, *command, *THREE_SECONDS, sysctl=SMALL_BUFFERS)

    waits = [answers(container, dict.fromkeys(ALL_KINDS, 4), stay=5)[0] for _ in range(3)]

    assert min(waits) < 3  # the minimum, because a busy machine makes waits longer
    assert KILLED not in container.logs()


def test_nginx_keeps_slow_clients_from_sync(network, build, run):
    """The same clients, two of each kind, talk to nginx, and a sync worker serves another."""
    conf = ["slow-clients/buffering.default.conf"]
    nginx = build("static-files/nginx.Dockerfile.static", files=conf)
    options = {"networks": [network], "sysctl": SMALL_BUFFERS}
    web = run(build(PLAIN), *SYNC, *THREE_SECONDS, network_aliases=["web"], **options)
    run(nginx, ready="start worker process", network_aliases=["proxy"], **options)

    wait, _ = answers(web, dict.fromkeys(ALL_KINDS, 2), stay=5, address=("proxy", 8080))

    assert wait is not None  # the slow clients stayed the whole time
    assert KILLED not in web.logs()


def test_unclosed_connection_holds_sync_since_26(build, run):
    """A client gets its response but does not close: the next one waits, unlike on 25.3."""
    old = run(gunicorn(build, "25.3.0"), *SYNC)
    new = run(build(PLAIN), *SYNC)

    of_old, of_new = (waits_behind_an_unclosed_one(container) for container in (old, new))

    assert median(of_new) > 1
    assert min(of_old) < median(of_new) / 2


def test_unclosed_connection_keeps_new_clients_from_gthread(build, run):
    """One such client makes the next one wait although seven threads are free, unlike on 25.3."""
    old = run(gunicorn(build, "25.3.0"), *SYNC, "--threads", "8")
    new = run(build(PLAIN), *SYNC, "--threads", "8")

    of_old, of_new = (waits_behind_an_unclosed_one(container) for container in (old, new))

    assert median(of_new) > 1
    assert min(of_old) < median(of_new) / 2


def test_unclosed_connections_kill_gthread(build, run):
    """Five such clients, at 2 s each, make gthread exceed its timeout of 3 s, but not sync."""
    sync = run(build(PLAIN), *SYNC, *THREE_SECONDS)
    gthread = run(build(PLAIN), *SYNC, "--threads", "8", *THREE_SECONDS)

    asked = [c.background.submit(answers, c, {"does not close": 5}) for c in (sync, gthread)]
    for answer in asked:
        answer.result()

    assert KILLED not in sync.logs()
    gthread.wait_for_log(KILLED)


def test_gthread_of_23_does_not_wait_for_silent_clients(build, run):
    """With two threads and two silent clients, another client is served immediately."""
    old = run(gunicorn(build, "23.0.0"), *OF_23, *TWO_THREADS)
    new = run(build(PLAIN), *THREADED)

    waits = [answers(container, {"says nothing": 2})[0] for container in (old, new)]

    assert waits[1] > 3
    assert waits[0] < waits[1] / 2


def test_gthread_of_25_1_waits_for_silent_clients_to_leave(build, run):
    """Two silent clients block two threads for longer than five seconds, until they leave."""
    container = run(gunicorn(build, "25.1.0"), *THREADED)

    wait, after = answers(container, {"says nothing": 2}, patience=9)

    assert wait is None
    assert after < 9


def test_gthread_of_25_3_parks_silent_clients(build, run):
    """Two silent clients block two threads, but another client is served before they leave."""
    container = run(gunicorn(build, "25.3.0"), *THREADED)

    wait, _ = answers(container, {"says nothing": 2})

    assert 3 < wait < 15


def gunicorn(build, version):
    """Build the image with another version of Gunicorn."""
    return build(PLAIN, requirements={"gunicorn": version})


def waits_behind_an_unclosed_one(container):
    """Return five times how long another client waits behind one that does not close."""
    container.wait_for_log("Booting worker")
    return json.loads(container.exec("python", "-c", UNCLOSED.read_text()))
