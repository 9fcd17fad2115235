"""The proofs of docs/troubleshooting/shared-connection.md."""

import subprocess
from concurrent.futures import wait

import pytest

from harness import PROJECT, SNIPPETS
from harness.container import wait_until
from harness.texts import edited
from scenarios.databases import CHANGES, GUNICORN, KEPT, SERVED, SETTINGS, WRITE, wave

pytestmark = pytest.mark.usefixtures("encrypted")
ENTRY = "troubleshooting/shared-connection"
PLAIN = "signals/exec-form.Dockerfile"
UNCHECKED = edited(KEPT, {'["CONN_HEALTH_CHECKS"] = True': '["CONN_HEALTH_CHECKS"] = False'})
PRELOAD = (SNIPPETS / "database-connections/preload.gunicorn.conf.py").read_text()
SYNC, QUERYING = ("--preload", "--threads", "1"), {"app": "probes.querying"}
NOT_ENCRYPTED = {"env": {"PGSSLMODE": "disable"}}
PSYCOPG_3 = {"psycopg[binary]==3.3.9": "psycopg2-binary==2.9.13", "psycopg-binary==3.3.9\n": ""}
PINS = (PROJECT / "requirements.txt").read_text()
OPENSSL = [
    *("openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"),
    *("ec_paramgen_curve:prime256v1", "-subj", "/CN=db", "-keyout", "key.pem", "-out", "cert.pem"),
]
INSTALL = """cd "$PGDATA" && umask 077 && echo "$0" >server.key && echo "$1" >server.crt &&
chown postgres: server.key server.crt"""


@pytest.fixture(scope="module")
def encrypted(postgres, tmp_path_factory):
    """Turn on TLS in PostgreSQL, whose clients then use it unless they are told not to."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(OPENSSL, check=True, capture_output=True, cwd=folder)
    pem = [(folder / name).read_text() for name in ("key.pem", "cert.pem")]
    postgres.container.exec("sh", "-c", INSTALL, *pem)
    postgres.sql("ALTER SYSTEM SET ssl = on")
    postgres.sql("SELECT pg_reload_conf()")
    assert wait_until(lambda: postgres.sql("SHOW ssl") == "on")
    return postgres


@pytest.fixture
def serve_psycopg2(encrypted, build, run):
    """Return a function that starts the same site with psycopg2, in sync workers, preloaded."""
    pins = {"requirements.txt": edited(PINS, PSYCOPG_3)}
    given = SERVED | {"SETTINGS": SETTINGS + UNCHECKED, "CONFIG": ""}
    command = ["sh", "-c", WRITE, "sh", *GUNICORN, *SYNC, "--workers", "2", "probes.querying"]

    def serve(env=None):
        image = build(PLAIN, changes=CHANGES | pins)
        return run(image, *command, env=given | (env or {}), networks=[encrypted.network])

    return serve


def test_preload_shares_a_tls_connection(encrypted, serve, replay):
    """Requests come one at a time: when the second worker uses the connection, it gets the line."""
    container = serve(UNCHECKED, *SYNC, **QUERYING)

    statuses = statuses_until(container, "bad record mac")

    assert statuses[-1] == 500
    assert set(statuses[:-1]) == {200}
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", db=encrypted.container.handle.id)


def test_other_worker_sees_the_end_of_the_connection(serve):
    """It gets a 500 later, with another line, and the requests after that succeed."""
    container = serve(UNCHECKED, *SYNC, **QUERYING)

    statuses = statuses_until(container, "unexpected eof while reading")

    assert statuses.count(500) == 2
    assert wave(container, "/backend/", 8) == [200] * 8


def test_psycopg2_reports_the_end_in_other_words(serve_psycopg2):
    """The same requests, with psycopg2."""
    container = serve_psycopg2()

    statuses = statuses_until(container, "SSL SYSCALL error: EOF detected")

    assert statuses.count(500) == 2
    assert "SSL error: decryption failed or bad record mac" in container.logs()


def test_psycopg2_reads_the_answer_of_the_other_worker(serve_psycopg2):
    """Without TLS, one worker waits for a query and the other begins a transaction, until it errs.

    The answer goes to either, by chance; a request whose answer is lost is not waited for.
    """
    container = serve_psycopg2({"PGSSLMODE": "disable"})
    line = "error with status PGRES_TUPLES_OK and no message from the libpq"

    def erred():
        wait([container.start_get(path, timeout=4) for path in ("/query/1/", "/think/0/")])
        return line in container.logs()

    container.wait_for_log("Booting worker", count=2)
    assert wait_until(erred)


def test_workers_read_parts_of_one_answer(serve):
    """Without TLS, both workers read a long value; requests that never end are not waited for."""
    container = serve(UNCHECKED, *SYNC, **QUERYING, **NOT_ENCRYPTED)
    container.wait_for_log("Booting worker", count=2)

    for _ in range(20):
        container.start_get("/large/9/")

    container.wait_for_log('lost synchronization with server: got message type "x"')


def test_threads_open_connections_of_their_own(serve):
    """The same module and settings with gthread: no request fails."""
    container = serve(UNCHECKED, "--preload", **QUERYING)
    workers = set()

    assert wait_until(lambda: served_by_both(container, workers))
    assert set(wave(container, "/backend/", 20)) == {200}
    assert "SSL error" not in container.logs()


def test_closing_before_the_fork_ends_the_errors(serve):
    """The page's file, with the same module and settings: both workers serve, without an error."""
    container = serve(UNCHECKED, "--threads", "1", config=PRELOAD, **QUERYING)
    workers = set()

    assert wait_until(lambda: served_by_both(container, workers))
    assert set(wave(container, "/backend/", 20)) == {200}
    assert "SSL error" not in container.logs()


def statuses_until(container, line):
    """Send one request after the other until the log has the line, and return their statuses."""
    container.wait_for_log("Booting worker", count=2)
    statuses = []

    def found():
        statuses.append(container.get("/backend/").status_code)
        return line in container.logs()

    assert wait_until(found)
    return statuses


def served_by_both(container, workers):
    """Send a request, and tell whether both workers have responded by now."""
    workers.add(container.get("/backend/").json()["worker"])
    return len(workers) == 2
