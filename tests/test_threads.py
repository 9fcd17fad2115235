"""The proofs of docs/threads.md."""

import re
import time

from container import PATIENCE
from images import PROJECT

TWO_THREADS = "threads/two-threads.Dockerfile"
SYNC = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
SETTINGS = (PROJECT / "core/settings.py").read_text()
PERSISTENT = 'DATABASES["default"]["CONN_MAX_AGE"] = None\n'
DATABASE = {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"}


def test_two_threads_shorten_the_wait(build, run):
    """Four requests of a second reach one worker at once, without threads and with two."""
    one_by_one = run(build(TWO_THREADS), *SYNC)
    threaded = run(build(TWO_THREADS))

    without, with_two = (seconds_for(c, *["/sleep/1/"] * 4) for c in (one_by_one, threaded))

    assert without >= 4
    assert with_two < without * 0.8


def test_threads_lose_updates(build, run):
    """Of 100 requests that count, sync counts all, and two threads count fewer."""
    one_by_one = run(build(TWO_THREADS), *SYNC)
    threaded = run(build(TWO_THREADS))

    counted = [max(map(int, ask(c, *["/count/"] * 100))) for c in (one_by_one, threaded)]

    assert counted[0] == 100
    assert counted[1] < 100


def test_threads_take_less_memory_than_workers(build, run):
    """The proportional set sizes of all processes are summed, after every one has served."""
    threads = run(build(TWO_THREADS), *SYNC, "--threads", "8")
    workers = run(build(TWO_THREADS), *SYNC, "--workers", "8")

    kilobytes = [memory(container) for container in (threads, workers)]

    assert kilobytes[1] > 2 * kilobytes[0]


def test_each_thread_has_its_own_database_connection(build, run):
    """With connections that persist, the database file is open once for each thread that served."""
    image = build(TWO_THREADS, changes={"core/settings.py": SETTINGS + PERSISTENT})
    one_by_one = run(image, *SYNC, env=DATABASE)
    threaded = run(image, *SYNC, "--threads", "4", env=DATABASE)

    assert database_connections(one_by_one, threads=1) == 1
    assert database_connections(threaded, threads=4) == 4


def ask(container, *paths):
    """Ask for all paths at once, and return the answers."""
    container.wait_for_log("Booting worker")
    container.get("/health/")
    responses = [container.start_get(path, verify=False) for path in paths]
    return [response.result().text for response in responses]


def seconds_for(container, *paths):
    """Return how long it takes to answer all paths, asked for at once."""
    container.get("/health/")
    start = time.monotonic()
    ask(container, *paths)
    return time.monotonic() - start


def memory(container):
    """Return the kB that all processes take once every thread and every worker has served."""
    container.wait_for_log("Booting worker")
    ask(container, *["/sleep/0.5/"] * 24)
    return container.pss()


def database_connections(container, threads):
    """Return how often the database file is open, when so many threads have had time to ask."""
    container.exec("python", "manage.py", "migrate")
    deadline, found = time.monotonic() + PATIENCE, []
    while len(found) < threads and time.monotonic() < deadline:
        ask(container, *["/notes/"] * 40)
        files = container.exec("sh", "-c", "ls -l /proc/[0-9]*/fd")
        found = re.findall(r"(?m)/db\.sqlite3$", files)
    return len(found)
