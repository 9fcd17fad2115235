"""The proofs of docs/gevent.md."""

import time

import pytest

from harness import SNIPPETS
from scenarios.databases import READY
from scenarios.worker_classes import with_gevent

GEVENT = "gevent/gevent.Dockerfile"
PRELOAD, PSYCOPG2 = "gevent/preload.gunicorn.conf.py", "gevent/psycopg2.gunicorn.conf.py"
WSGI = ["gunicorn", "core.wsgi", "--no-control-socket"]
ON_GEVENT = [*WSGI, "--worker-class", "gevent"]
THREADED = [*WSGI, "--threads", "2"]
FOUR_SECONDS = ["--timeout", "4"]
KILLED = "WORKER TIMEOUT"
FOR_PSYCOPG2 = "packaging==26.3\npsycogreen==1.0.2\npsycopg-pool==3.3.3\npsycopg2-binary==2.9.13\n"
SETTINGS = """
import os
from core.settings import *
ROOT_URLCONF = "probes.urls"
DATABASES["default"]["CONN_MAX_AGE"] = int(os.environ.get("CONN_MAX_AGE", "0"))
if "POOL_TIMEOUT" in os.environ:
    pool = {"min_size": 1, "max_size": 4, "timeout": float(os.environ["POOL_TIMEOUT"])}
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = pool
"""
URLS = """
import ctypes, os
from importlib import import_module
from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.urls import include, path
from gevent import monkey
def query(request, driver):
    with import_module(driver).connect(os.environ["DATABASE_URL"]) as own:
        own.cursor().execute("SELECT pg_sleep(6)")
    return HttpResponse("slept")
def django_query(request, seconds):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])
    return HttpResponse("slept")
def c_sleep(request):
    ctypes.CDLL(None).sleep(12)
    return HttpResponse("slept")
urlpatterns = [
    path("query/<driver>/", query),
    path("django-query/<int:seconds>/", django_query),
    path("c-sleep/", c_sleep),
    path("patched/", lambda request: JsonResponse(sorted(monkey.saved), safe=False)),
    path("", include("core.urls")),
]
"""
REQUIREMENTS = with_gevent("gunicorn[gevent]")["requirements.txt"] + FOR_PSYCOPG2
PROBES = {
    "requirements.txt": REQUIREMENTS,
    "probes/settings.py": SETTINGS,
    "probes/urls.py": URLS,
}
PROBED = {"DJANGO_SETTINGS_MODULE": "probes.settings"}
DATABASE = {"DATABASE_URL": "postgres://postgres:secret@127.0.0.1/postgres"}
KEPT = {"CONN_MAX_AGE": "600"}
COUNT = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@pytest.fixture
def container(build, run_once):
    """Run the page's file, once for all tests that only send requests to it."""
    return run_once(build(GEVENT, changes=PROBES), env=PROBED)


@pytest.fixture
def database(official, run_once):
    """Run a database whose network two servers share, and publish their ports."""
    password = {"POSTGRES_PASSWORD": "secret"}
    image = official("postgres:18")
    database = run_once(image, env=password, ready="", expose=[8000, 8001])
    database.exec("sh", "-c", READY)
    return database


@pytest.fixture
def serve(build, run, database):
    """Return a function that runs a command in the database's network, on one of its ports."""

    def serve(*command, port=8000, config=None, env=None):
        image = build(GEVENT, changes=PROBES)
        options = {"networks": [f"container:{database.handle.id}"], "publish_all": False}
        if config:
            options["volumes"] = [(SNIPPETS / config, "/app/gunicorn.conf.py", "ro")]
        bound = [*command, "--bind", f"0.0.0.0:{port}"]
        container = run(image, *bound, env=PROBED | DATABASE | (env or {}), **options)
        container.wait_for_log("Booting worker")
        container.ports = [published(database, port)]
        container.get("/health/")
        return container

    return serve


def test_gevent_file_serves(container):
    """With the page's file, Gunicorn runs this worker class, and it responds."""
    container.wait_for_log("Using worker: gevent")
    assert container.get("/health/").text == "ok"


def test_worker_patches_the_standard_library(container):
    """A view lists the modules that gevent has replaced."""
    patched = set(container.get("/patched/").json())

    assert patched >= {"socket", "ssl", "threading", "time", "select", "subprocess", "queue"}


def test_psycopg_waits_together_and_psycopg2_in_turn(serve):
    """On one worker, two concurrent queries of 6 s take 6 s with psycopg, 12 s with psycopg2."""
    container = serve(*ON_GEVENT)

    assert seconds_of_two("/query/psycopg/", container) < 11
    assert seconds_of_two("/query/psycopg2/", container) >= 12


def test_psycogreen_lets_psycopg2_wait_together(serve):
    """With the page's file, the same two psycopg2 queries take six seconds."""
    container = serve(*ON_GEVENT, config=PSYCOPG2)

    assert seconds_of_two("/query/psycopg2/", container) < 11


def test_preload_breaks_the_database(serve):
    """If psycopg loads before the patch, two queries take 12 s, and Django's queries fail."""
    container = serve(*ON_GEVENT, "--preload")

    assert seconds_of_two("/query/psycopg/", container) >= 12
    assert container.get("/django-query/0/").status_code == 500
    container.wait_for_log("can only be used in that same thread")


def test_early_patch_mends_preload(serve):
    """With the page's file, two psycopg queries take 6 s, and Django's queries succeed."""
    container = serve(*ON_GEVENT, config=PRELOAD)

    assert seconds_of_two("/query/psycopg/", container) < 11
    assert container.get("/django-query/0/").text == "slept"


def test_each_waiting_request_takes_a_connection(serve, database):
    """Six waiting requests use six connections, or three if the limit is three."""
    free = serve(*ON_GEVENT)
    limited = serve(*ON_GEVENT, "--worker-connections", "3", port=8001)

    assert connections_while_six_wait(free, database) == 6
    assert connections_while_six_wait(limited, database) == 3


def test_pool_limits_the_connections_of_a_worker(serve, database):
    """With a pool of four, six requests of 10 s use four connections, and all succeed.

    If the pool's timeout is four seconds, four of the six succeed, and the others fail.
    """
    patient = serve(*ON_GEVENT, env={"POOL_TIMEOUT": "60"})
    hasty = serve(*ON_GEVENT, port=8001, env={"POOL_TIMEOUT": "4"})

    assert connections_while_six_wait(patient, database) == 4
    answers = [hasty.start_get("/django-query/10/") for _ in range(6)]
    assert sorted(answer.result().status_code for answer in answers) == [200] * 4 + [500] * 2
    hasty.wait_for_log("psycopg_pool.PoolTimeout")


def test_persistent_connections_pile_up(serve, database):
    """After five rounds of four requests, gevent keeps at least 5 more connections than gthread."""
    of_threads = most_connections_left(serve(*THREADED, port=8001, env=KEPT), database)
    of_greenlets = most_connections_left(serve(*ON_GEVENT, env=KEPT), database)

    assert of_threads <= 2
    assert of_greenlets - of_threads > 4


def test_blocking_library_gets_the_worker_killed(build, run):
    """C code sleeps for 12 s, which blocks every greenlet; the timeout is 4 s."""
    image = build(GEVENT, changes=PROBES)
    bind = ["--bind", "0.0.0.0:8000", *FOUR_SECONDS]
    gevent, gthread = (run(image, *c, *bind, env=PROBED) for c in (ON_GEVENT, THREADED))
    answers = [container.start_get("/c-sleep/") for container in (gevent, gthread)]

    assert answers[1].result().text == "slept"
    assert KILLED in gevent.wait_for_log("Booting worker", count=2)
    assert KILLED not in gthread.logs()
    assert answers[0].exception()


def published(database, port):
    """Return the port on this machine for a port of the shared network."""
    return database.handle.network_settings.ports[f"{port}/tcp"][0]["HostPort"]


def ask_at_once(path, container, count):
    """Send this many concurrent requests, and wait for all responses."""
    answers = [container.start_get(path) for _ in range(count)]
    assert {answer.result().status_code for answer in answers} == {200}


def seconds_of_two(path, container):
    """Return how long two concurrent requests take."""
    start = time.monotonic()
    ask_at_once(path, container, 2)
    return time.monotonic() - start


def connections(database):
    """Return the number of the database's clients."""
    return int(database.exec("psql", "--username=postgres", "-Atc", COUNT))


def connections_while_six_wait(container, database):
    """Return the highest number of the database's clients while six requests are in progress."""
    answers = [container.start_get("/django-query/10/") for _ in range(6)]
    seen = []
    while not all(answer.done() for answer in answers):
        seen.append(connections(database))
    assert {answer.result().text for answer in answers} == {"slept"}
    return max(seen)


def most_connections_left(container, database):
    """Return the highest number of the database's clients between rounds of four requests."""
    seen = []
    for _ in range(5):
        ask_at_once("/django-query/0/", container, 4)
        seen.append(connections(database))
    return max(seen)
