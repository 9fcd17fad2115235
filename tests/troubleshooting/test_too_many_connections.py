"""The proofs of docs/troubleshooting/too-many-connections.md."""

import pytest
from python_on_whales.exceptions import DockerException

from harness.container import wait_until
from scenarios.databases import READY

ENTRY = "troubleshooting/too-many-connections"
FIVE_AT_MOST = ["postgres", "-c", "max_connections=5"]
DATABASE = {"DATABASE_URL": "postgres://postgres:secret@127.0.0.1/postgres"}
SETTINGS = 'from core.settings import *\nDATABASES["default"]["CONN_MAX_AGE"] = 600\n'
GUNICORN = "exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket --threads 12"
SERVE = ["sh", "-c", f"echo '{SETTINGS}' > /tmp/kept.py; {GUNICORN}"]
KEPT = {"DJANGO_SETTINGS_MODULE": "kept", "PYTHONPATH": "/tmp"}
LOGIN = ["psql", "--username", "postgres", "--no-align", "--tuples-only", "--command"]
SLEEP = ["psql", "--username", "shop", "--dbname", "postgres", "--command", "select pg_sleep(600)"]
# A login may be refused while the process of another one has not ended: it tries again.
STAY = ["sh", "-c", 'until "$@"; do sleep 0.1; done', "sh", *SLEEP]
COUNT = "select count(*) from pg_stat_activity where usename = 'shop'"
ASK_TWELVE_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
def ask(_):
    client = HTTPConnection("127.0.0.1", 8000)
    client.request("GET", "/notes/")
    client.getresponse().read()
list(ThreadPoolExecutor(12).map(ask, range(60)))
"""


def test_kept_connections_fill_the_database(plain_image, official, run, replay):
    """Twelve threads each keep a connection, but the database allows only five."""
    password = {"POSTGRES_PASSWORD": "secret"}
    database = run(official("postgres:18"), *FIVE_AT_MOST, env=password, ready="")
    database.exec("sh", "-c", READY)
    network = {"networks": [f"container:{database.handle.id}"], "publish_all": False}
    container = run(plain_image, *SERVE, env=DATABASE | KEPT, **network)
    container.wait_for_log("Booting worker")

    container.exec("python", "-c", ASK_TWELVE_AT_ONCE)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", db=database.handle.id)


def test_last_connections_are_reserved_for_superusers(official, run):
    """Two clients use all the non-reserved connections of five; a superuser can still connect."""
    password = {"POSTGRES_PASSWORD": "secret"}
    database = run(official("postgres:18"), *FIVE_AT_MOST, env=password, ready="")
    database.exec("sh", "-c", READY)
    database.exec(*LOGIN, "create role shop login")
    for _ in range(2):
        database.background.submit(database.exec, *STAY)
    assert wait_until(lambda: database.exec(*LOGIN, COUNT).strip() == "2")

    with pytest.raises(DockerException, match="FATAL:  remaining connection slots are reserved"):
        database.exec(*SLEEP)
