"""The proofs of docs/per-worker-state.md."""

import re
import time

import httpx
import pytest

from harness import PROJECT, SNIPPETS
from harness.container import wait_until

APP = "signals/exec-form.Dockerfile"
FILES = SNIPPETS / "per-worker-state"
GUNICORN = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
TWO_WORKERS = [*GUNICORN, "--workers", "2"]
PRELOADED = [*TWO_WORKERS, "--preload"]
DATABASE_URL = "sqlite:////tmp/db.sqlite3"
DATABASE = {"DATABASE_URL": DATABASE_URL}
THREAD = r"\[(\d+)\] \[INFO\] cleaning up"
LOCKED = "database is locked"
STATE = """
import os, random, threading, time
from uuid import uuid4

from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse

connection.ensure_connection()
connection_of_import, importer = connection.connection, os.getpid()
generator = random.Random()
requests = 0


def state(request):
    global requests
    requests += 1
    if word := request.GET.get("remember"):
        cache.set("word", word)
    time.sleep(0.2)
    connection.ensure_connection()
    inherited = connection.connection is connection_of_import
    return JsonResponse({
        "requests": requests,
        "pid": os.getpid(),
        "word": cache.get("word"),
        "threads": [thread.name for thread in threading.enumerate()],
        "connected_by": importer if inherited else os.getpid(),
        "random": random.random(),
        "generator": generator.random(),
    })


def read_then_write(request, seconds):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_schema")
        time.sleep(seconds)
        cursor.execute(f"CREATE TABLE t{uuid4().hex} (id)")
    return HttpResponse("written")
"""
URLS = """
from core import state
urlpatterns += [
    path("state/", state.state),
    path("read-then-write/<int:seconds>/", state.read_then_write),
]
"""
CHANGES = {
    "core/apps.py": (FILES / "wrong-thread-in-ready.apps.py").read_text(),
    "core/state.py": STATE,
    "core/urls.py": (PROJECT / "core/urls.py").read_text() + URLS,
    "core/wsgi.py": (PROJECT / "core/wsgi.py").read_text() + "import core.state\n",
}
SETTINGS = {
    "kept": 'DATABASES["default"]["CONN_MAX_AGE"] = None\n',
    "shared": (FILES / "database-cache.settings.py").read_text(),
    "writers": (FILES / "several-writers.settings.py").read_text(),
}
CHANGES |= {f"core/{n}.py": f"from core.settings import *\n{t}" for n, t in SETTINGS.items()}


def test_workers_count_apart(build, run):
    """One worker counts every request; with two, neither worker counts all of them."""
    one = run(build(APP), *GUNICORN)
    two = run(build(APP), *TWO_WORKERS)
    seen = []

    def both_have_counted():
        seen.extend(counts(two))
        return max(seen) < len(seen)

    assert max(counts(one)) == 20
    assert wait_until(both_have_counted)


def test_replaced_worker_begins_anew(build, run):
    """Three requests are counted; the worker exits, and the next worker starts at one."""
    container = run(build(APP), *GUNICORN)

    before = [container.get("/count/").text for _ in range(3)]
    with pytest.raises(httpx.TransportError):
        container.get("/exit/1/")

    assert before == ["1", "2", "3"]
    assert container.get("/count/").text == "1"


def test_local_memory_cache_stays_in_its_worker(build, run):
    """One worker caches a word, but the other does not find it."""
    container = run(build(APP, changes=CHANGES), *TWO_WORKERS, env=DATABASE)

    told = container.get("/state/?remember=this").json()
    words = {answer["pid"]: answer["word"] for answer in ask_both(container)}

    assert words.pop(told["pid"]) == "this"
    assert list(words.values()) == [None]


def test_database_cache_reaches_all_workers(build, run):
    """With the page's settings, both workers find the word that one of them has cached."""
    env = {**DATABASE, "DJANGO_SETTINGS_MODULE": "core.shared"}
    container = run(build(APP, changes=CHANGES), *PRELOADED, env=env)
    container.exec("python", "manage.py", "createcachetable")

    container.get("/state/?remember=this")

    assert [answer["word"] for answer in ask_both(container)] == ["this", "this"]


def test_thread_of_ready_runs_in_each_worker(build, run):
    """Both workers log the thread's line, but the master does not."""
    container = run(build(APP, changes=CHANGES), *TWO_WORKERS, env=DATABASE)
    pids = {str(answer["pid"]) for answer in ask_both(container)}

    assert wait_until(lambda: set(re.findall(THREAD, container.logs())) == pids)


def test_thread_of_ready_runs_in_each_command(build, run):
    """`manage.py check` starts the thread, too."""
    command = ["python", "manage.py", "check"]
    container = run(build(APP, changes=CHANGES), *command, env=DATABASE, ready="cleaning up")

    assert container.exit_code == 0


def test_preload_leaves_the_thread_in_the_master(build, run):
    """The master logs the line, but neither worker has the thread."""
    container = run(build(APP, changes=CHANGES), *PRELOADED, env=DATABASE)
    threads = [answer["threads"] for answer in ask_both(container)]

    assert wait_until(lambda: re.findall(THREAD, container.logs())) == ["1"]
    assert threads == [["MainThread"], ["MainThread"]]


def test_kept_connection_crosses_the_fork(build, run):
    """Both workers use the master's connection; without preload, each opens its own."""
    env = {**DATABASE, "DJANGO_SETTINGS_MODULE": "core.kept"}
    preloaded = ask_both(run(build(APP, changes=CHANGES), *PRELOADED, env=env))
    apart = ask_both(run(build(APP, changes=CHANGES), *TWO_WORKERS, env=env))

    assert [answer["connected_by"] for answer in preloaded] == [1, 1]
    assert all(answer["connected_by"] == answer["pid"] for answer in apart)


def test_unkept_connection_ends_at_the_fork(build, run):
    """With Django's default, each worker opens its own connection, even with preload."""
    answers = ask_both(run(build(APP, changes=CHANGES), *PRELOADED, env=DATABASE))

    assert all(answer["connected_by"] == answer["pid"] for answer in answers)


def test_random_differs_after_the_fork(build, run):
    """The first numbers of the two workers differ."""
    first, second = ask_both(run(build(APP, changes=CHANGES), *PRELOADED, env=DATABASE))

    assert first["random"] != second["random"]


def test_generator_made_before_the_fork_repeats(build, run):
    """The first numbers of the two workers are equal."""
    first, second = ask_both(run(build(APP, changes=CHANGES), *PRELOADED, env=DATABASE))

    assert first["generator"] == second["generator"]


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_transaction_that_read_first_fails_at_once(build, run, mode):
    """Two transactions read, wait and write; one fails before its timeout of 60 s."""
    url = f"{DATABASE_URL}?timeout=60&init_command=PRAGMA+journal_mode%3D{mode}"
    container = run(build(APP, changes=CHANGES), *PRELOADED, env={"DATABASE_URL": url})
    start = time.monotonic()

    codes = write_twice(container, seconds=10)

    assert codes == [200, 500]
    container.wait_for_log(LOCKED)
    assert time.monotonic() - start < 60


def test_immediate_transactions_take_turns(build, run):
    """With the page's settings, both transactions succeed."""
    env = {"DJANGO_SETTINGS_MODULE": "core.writers"}
    container = run(build(APP, changes=CHANGES), *PRELOADED, env=env, tmpfs=["/data"])

    assert write_twice(container, seconds=3) == [200, 200]


def test_writer_gives_up_after_five_seconds(build, run):
    """One transaction takes twenty seconds; the other fails before it ends."""
    env = {"DATABASE_URL": f"{DATABASE_URL}?transaction_mode=IMMEDIATE"}
    container = run(build(APP, changes=CHANGES), *PRELOADED, env=env)

    assert write_twice(container, seconds=20) == [200, 500]
    container.wait_for_log(LOCKED)


def ask_both(container):
    """Return each worker's first response."""
    answers = []

    def both_have_answered():
        responses = [container.start_get("/state/", verify=False) for _ in range(4)]
        answers.extend(response.result().json() for response in responses)
        return len({answer["pid"] for answer in answers}) == 2

    assert wait_until(both_have_answered)
    firsts = {}
    for answer in sorted(answers, key=lambda answer: answer["requests"]):
        firsts.setdefault(answer["pid"], answer)
    return list(firsts.values())


def counts(container):
    """Return the numbers that 20 concurrent requests receive."""
    responses = [container.start_get("/count/", verify=False) for _ in range(20)]
    return [int(response.result().text) for response in responses]


def write_twice(container, seconds):
    """Return the status codes of two concurrent transactions in two workers."""
    ask_both(container)
    responses = [container.start_get(f"/read-then-write/{seconds}/") for _ in range(2)]
    return sorted(response.result().status_code for response in responses)
