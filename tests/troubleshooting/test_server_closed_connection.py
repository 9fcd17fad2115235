"""The proofs of docs/troubleshooting/server-closed-connection.md."""

import pytest

from harness import PROBES
from harness.container import wait_until
from harness.texts import edited
from scenarios.databases import KEPT

ENTRY = "troubleshooting/server-closed-connection"
PROGRAM = (PROBES / "query_after_an_error.py").read_text()
BUSY = "SELECT pid FROM pg_stat_activity WHERE usename = 'app' AND state = 'active'"


@pytest.fixture(scope="module")
def killed(postgres, serving):
    """Kill the PostgreSQL process of a request's query; return the container and two statuses.

    The first status is that request's, the second is the next request's.
    """
    with serving(KEPT) as container:
        answer = container.start_get("/query/60/")
        process = wait_until(lambda: postgres.sql(BUSY))
        postgres.container.exec("sh", "-c", f"kill -9 {process}")
        status = answer.result().status_code
        postgres.ready()
        yield container, status, container.get("/backend/").status_code


def test_killed_process_of_the_database_closes_the_connection(killed, postgres, replay):
    """The request returns 500, and both logs have their lines."""
    container, status, _ = killed

    assert status == 500
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", db=postgres.container.handle.id)


def test_next_request_connects_again(killed):
    """The request after the database's recovery gets its response."""
    _, _, after = killed

    assert after == 200


def test_idle_session_limit_ends_a_kept_connection(serve, postgres):
    """PostgreSQL allows a second, CONN_MAX_AGE a minute: the next request gets a 500."""
    kept = edited(KEPT, {'["CONN_HEALTH_CHECKS"] = True': '["CONN_HEALTH_CHECKS"] = False'})
    postgres.sql("ALTER ROLE app SET idle_session_timeout = '1s'")
    try:
        web = serve(kept, "--workers", "1", "--threads", "1")
        first = web.get("/backend/").status_code
        assert postgres.has_clients(0, web)
    finally:
        postgres.sql("ALTER ROLE app RESET idle_session_timeout")

    assert (first, web.get("/backend/").status_code) == (200, 500)
    web.wait_for_log("terminating connection due to idle-session timeout")
    assert web.get("/backend/").status_code == 200


def test_closed_connection_stays_closed_outside_a_request(postgres, run, plain_image):
    """A program's connection is ended; it queries again, then closes old connections."""
    url = f"postgres://app:secret@{postgres.container.ip_address}/app"
    env = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "core.settings"}
    command = ["python", "-c", PROGRAM]
    container = run(plain_image, *command, env=env, networks=[postgres.network], ready="connected")

    ended, closed, after = container.logs().splitlines()
    assert "terminating connection due to administrator command" in ended
    assert [closed, after] == ["the connection is closed", "connected"]
