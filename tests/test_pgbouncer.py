"""The proofs of docs/pgbouncer.md."""

import json

import pytest

from harness import PROBES, SNIPPETS
from harness.engine import base_images
from harness.texts import edited
from scenarios.databases import APP, BEHIND, BOUNCER, INI, wave

CLIENTS = (PROBES / "two_clients.py").read_text()
WITH_CURSORS = {'["DISABLE_SERVER_SIDE_CURSORS"] = True': '["DISABLE_SERVER_SIDE_CURSORS"] = False'}
NO_STATEMENTS = {"max_prepared_statements = 200": "max_prepared_statements = 0"}
TWO = {"default_pool_size = 20": "default_pool_size = 2"}
STARTUP = 'DATABASES["default"]["OPTIONS"] = {"options": "-c lock_timeout=5s"}\n'


@pytest.fixture(scope="module")
def as_printed(serving, pooling):
    """Run the probe with both of the page's files, and return what two clients see.

    Its session lock outlives the clients, but not this PgBouncer's connection to PostgreSQL.
    """
    with pooling() as (_, address), serving(BEHIND, env=address) as web:
        return json.loads(web.exec("python", "-c", CLIENTS))


@pytest.fixture(scope="module")
def without(serving, pooling):
    """Run the probe with Django's cursors, but no prepared statements in PgBouncer."""
    with (
        pooling(NO_STATEMENTS) as (_, address),
        serving(edited(BEHIND, WITH_CURSORS), env=address) as web,
    ):
        return json.loads(web.exec("python", "-c", CLIENTS))


def test_clients_share_the_connections_of_the_pool(postgres, pooling, serve):
    """Four threads keep four connections to PgBouncer, which has two; all 24 requests succeed."""
    with pooling(TWO) as (pooler, address):
        container = serve(BEHIND, env=address)

        assert set(wave(container) + wave(container, count=20)) == {200}
        assert 1 <= postgres.clients(pooler) <= 2
        assert postgres.clients(container) == 0


def test_server_side_cursor_is_lost_between_transactions(without):
    """Another client runs a transaction while Django reads a chunk of rows."""
    assert "_django_curs_" in without["iterated"]
    assert "does not exist" in without["iterated"]


def test_cursors_of_the_client_read_all_rows(as_printed):
    """With DISABLE_SERVER_SIDE_CURSORS, the same loop reads all ten rows."""
    assert as_printed["iterated"] == 10


def test_prepared_statements_collide_without_the_setting(without):
    """Two psycopg clients prepare their first statement on the same connection."""
    assert 'prepared statement "_pg3_0" already exists' in without["prepared"]


def test_pgbouncer_keeps_prepared_statements_apart(as_printed):
    """With max_prepared_statements, both clients get their results."""
    assert as_printed["prepared"] == [2, 2]


def test_django_prepares_no_statements(serve):
    """Django sets its connection's threshold to None, which turns preparing off."""
    ask = "from django.db import connection as c; c.ensure_connection();"
    ask += "print(c.connection.prepare_threshold)"
    shell = ["python", "manage.py", "shell", "--verbosity", "0", "--command", ask]

    assert serve("").exec(*shell).strip() == "None"


def test_session_setting_reaches_other_clients(as_printed):
    """One client sets a timeout, and the other client gets it too."""
    assert as_printed["set"] == "77s"


def test_local_setting_ends_with_its_transaction(as_printed):
    """One client sets a timeout with SET LOCAL; the other has PostgreSQL's default."""
    assert as_printed["local"] == "0"


def test_two_clients_get_the_same_session_lock(as_printed):
    """Both clients request the same advisory lock, and both get it."""
    assert as_printed["locks"] == [True, True]


def test_lock_of_a_transaction_goes_to_one_client(as_printed):
    """Both clients request the same lock in a transaction, and only the first gets it."""
    assert as_printed["locks of transactions"] == [True, False]


def test_startup_options_are_refused(pooling, serve):
    """Django sends a setting in OPTIONS: each request that uses the database returns 500."""
    with pooling() as (_, address):
        container = serve(BEHIND + STARTUP, env=address)

        assert container.get("/backend/").status_code == 500
        container.wait_for_log("unsupported startup parameter")


def test_role_setting_holds_behind_pgbouncer(postgres, pooling, serve):
    """The role has its own timeout, and a new client behind PgBouncer gets it."""
    postgres.sql("ALTER ROLE app SET lock_timeout = '5s'")
    ask = "from django.db import connection as c; q = c.cursor();"
    ask += "q.execute('SHOW lock_timeout'); print(q.fetchone()[0])"
    shell = ["python", "manage.py", "shell", "--verbosity", "0", "--command", ask]
    with pooling() as (_, address):
        seen = serve(BEHIND, env=address).exec(*shell).strip()
    postgres.sql("ALTER ROLE app RESET lock_timeout")

    assert seen == "5s"


def test_sslmode_require_fails_behind_pgbouncer(pooling, serve):
    """With the page's PgBouncer, Django cannot connect; without the parameter, it can."""
    query = "from django.db import connection as c; c.ensure_connection(); print('connected')"
    tried = f'python manage.py shell --verbosity 0 --command "{query}" 2>&1 || true'
    with pooling() as (_, address):
        container = serve(BEHIND, env=address)
        plain = container.exec("sh", "-c", tried)
        with_tls = container.exec(
            "sh", "-c", f'export DATABASE_URL="$DATABASE_URL?sslmode=require"; {tried}'
        )

    assert "server does not support SSL, but SSL was required" in with_tls
    assert plain.strip() == "connected"


def test_base_image_is_that_of_the_app():
    """Both Dockerfiles of the page's site begin from one image."""
    files = SNIPPETS / APP, SNIPPETS / BOUNCER / "small.Dockerfile"
    app, bouncer = (set(base_images.names(file)) for file in files)

    assert len(app) == 1
    assert app == bouncer


def test_compose_file_serves_through_pgbouncer(build, stack):
    """The migration has run; afterwards, all connections to the database come from PgBouncer."""
    pooled = build(f"{BOUNCER}/small.Dockerfile", files=[f"{BOUNCER}/{INI}"])
    web = {"image": build(APP)}
    services = {"web": web, "migrate": web, "pgbouncer": {"image": pooled}}
    site = stack("pgbouncer/pooled.compose.yaml", services, env={"PASSWORD": "of-this-test"})
    site.up()

    address, web = site.service("pgbouncer").ip_address, site.service("web")
    web.wait_for_log("Booting worker")
    assert web.get("/notes/").json() == {"notes": []}
    assert "Applying core.0001_initial... OK" in site.service("migrate").logs()
    asked = "SELECT DISTINCT host(client_addr) FROM pg_stat_activity WHERE client_addr IS NOT NULL"
    psql = ["psql", "--username=postgres", "--no-align", "--tuples-only", "--command", asked]
    assert site.service("db").exec(*psql).split() == [address]
