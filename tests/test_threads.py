"""The proofs of docs/threads.md."""

import re
import time

import httpx
import pytest

from harness import PROJECT
from harness.container import PATIENCE

TWO_THREADS = "threads/two-threads.Dockerfile"
SYNC = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
SETTINGS = (PROJECT / "core/settings.py").read_text()
PERSISTENT = 'DATABASES["default"]["CONN_MAX_AGE"] = None\n'
DATABASE = {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
ONE_THREAD = ["--worker-class", "gthread", "--threads", "1"]
BEFORE_THE_SLOW_ONE = """
import http.client, threading, time
answered = []
def ask(path):
    connection = http.client.HTTPConnection("127.0.0.1", 8000)
    connection.request("GET", path)
    connection.getresponse().read()
    answered.append(path)
ask("/health/")
slow = threading.Thread(target=ask, args=["/sleep/20/"])
slow.start()
time.sleep(1)
others = [threading.Thread(target=ask, args=["/health/"]) for _ in range(20)]
for other in others:
    other.start()
    time.sleep(0.02)
slow.join()
print(answered.index("/sleep/20/") - 1)
for other in others:
    other.join()
"""


def test_two_threads_shorten_the_wait(build, run):
    """Four concurrent requests of three seconds go to one worker, without threads and with two."""
    one_by_one = run(build(TWO_THREADS), *SYNC)
    threaded = run(build(TWO_THREADS))

    without, with_two = (seconds_for(c, *["/sleep/3/"] * 4) for c in (one_by_one, threaded))

    assert without >= 12
    assert with_two < without * 0.8


def test_threads_lose_updates(build, run):
    """100 requests each add one to a global variable: sync counts all, but two threads fewer."""
    one_by_one = run(build(TWO_THREADS), *SYNC)
    threaded = run(build(TWO_THREADS))

    counted = [max(map(int, ask(c, *["/count/"] * 100))) for c in (one_by_one, threaded)]

    assert counted[0] == 100
    assert counted[1] < 100


def test_threads_take_less_memory_than_workers(build, run):
    """Compares the PSS of all processes after each thread and each worker has served requests."""
    threads = run(build(TWO_THREADS), *SYNC, "--threads", "8")
    workers = run(build(TWO_THREADS), *SYNC, "--workers", "8")

    kilobytes = [memory(container) for container in (threads, workers)]

    assert kilobytes[1] > 2 * kilobytes[0]


def test_each_thread_has_its_own_database_connection(build, run):
    """With persistent connections, the database file is open once for each thread that served."""
    image = build(TWO_THREADS, changes={"core/settings.py": SETTINGS + PERSISTENT})
    one_by_one = run(image, *SYNC, env=DATABASE)
    threaded = run(image, *SYNC, "--threads", "4", env=DATABASE)

    assert database_connections(one_by_one, threads=1) == 1
    assert database_connections(threaded, threads=4) == 4


def test_stuck_requests_silently_stall_a_worker(build, run):
    """Two requests hang: with two threads, a third client gets no response; with four, it does."""
    image = build(TWO_THREADS)
    two, four = (run(image, *SYNC, "--timeout", "4", "--threads", n) for n in ("2", "4"))
    for container in (two, two, four, four):
        container.start_sleep(40)
    before = two.logs()

    with pytest.raises(httpx.ReadTimeout):
        two.get("/health/", timeout=6)

    assert two.logs() == before
    assert four.get("/health/").text == "ok"


def test_busy_worker_takes_clients_from_an_idle_one(build, run):
    """While one of two workers is busy, gthread serves some of 20 clients late, sync none."""
    gthread = run(build(TWO_THREADS), *SYNC, "--workers", "2", *ONE_THREAD)
    sync = run(build(TWO_THREADS), *SYNC, "--workers", "2")

    in_time = before_the_slow_one(gthread, sync)

    assert in_time[0] < 20
    assert in_time[1] == 20


def test_limit_of_connections_leaves_clients_to_idle_workers(build, run):
    """With as many connections as threads, all 20 clients are served in time; Gunicorn warns."""
    limit = ["--workers", "2", *ONE_THREAD, "--worker-connections", "1"]
    limited = run(build(TWO_THREADS), *SYNC, *limit)

    in_time = before_the_slow_one(limited)

    assert in_time == [20]
    limited.wait_for_log("No keepalived connections can be handled")


def ask(container, *paths):
    """Send concurrent requests for all paths, and return the responses' texts."""
    container.wait_for_log("Booting worker")
    container.get("/health/")
    responses = [container.start_get(path, verify=False) for path in paths]
    return [response.result().text for response in responses]


def seconds_for(container, *paths):
    """Return how long concurrent requests for all paths take."""
    container.get("/health/")
    start = time.monotonic()
    ask(container, *paths)
    return time.monotonic() - start


def memory(container):
    """Return the kB that all processes use once every thread and every worker has served."""
    container.wait_for_log("Booting worker")
    ask(container, *["/sleep/0.5/"] * 24)
    return container.pss()


def database_connections(container, threads):
    """Return how often the database file is open, once this many threads could have opened it."""
    container.exec("python", "manage.py", "migrate")
    deadline, found = time.monotonic() + PATIENCE, []
    while len(found) < threads and time.monotonic() < deadline:
        ask(container, *["/notes/"] * 40)
        files = container.exec("sh", "-c", "ls -l /proc/[0-9]*/fd")
        found = re.findall(r"(?m)/db\.sqlite3$", files)
    return len(found)


def before_the_slow_one(*containers):
    """Return how many of 20 fast requests each serves while a request of 20 seconds is running."""
    for container in containers:
        container.wait_for_log("Booting worker", count=2)
    command = ["python", "-c", BEFORE_THE_SLOW_ONE]
    asked = [c.background.submit(c.exec, *command) for c in containers]
    return [int(number.result()) for number in asked]
