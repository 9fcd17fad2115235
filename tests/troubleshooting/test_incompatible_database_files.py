"""The proofs of docs/troubleshooting/incompatible-database-files.md."""

import pytest

ENTRY = "troubleshooting/incompatible-database-files"
LINE = "database files are incompatible with server"
READY = "until pg_isready --username postgres --host 127.0.0.1; do sleep 0.1; done"
PSQL = "psql --username postgres --no-align --tuples-only --command '{}' 2>&1"
OLDER = "UPDATE pg_database SET datcollversion = $$2.36$$ WHERE datname = current_database()"
WRITE = 'echo {} > "$PGDATA/PG_VERSION"'


@pytest.fixture(scope="module")
def started(running, official):
    """Return a database that accepts connections."""
    password = {"POSTGRES_PASSWORD": "secret"}
    with running(official("postgres:18"), env=password, ready="") as container:
        container.exec("sh", "-c", READY)
        yield container


@pytest.fixture(scope="module")
def warned(started):
    """Return what a query prints with an older collation version, and with the right one."""
    started.exec("sh", "-c", PSQL.format(OLDER))
    before = started.exec("sh", "-c", PSQL.format("SELECT 1"))
    started.exec("sh", "-c", PSQL.format("REINDEX DATABASE postgres"))
    started.exec("sh", "-c", PSQL.format("ALTER DATABASE postgres REFRESH COLLATION VERSION"))
    return before, started.exec("sh", "-c", PSQL.format("SELECT 1"))


@pytest.fixture(scope="module")
def db(started, warned):
    """Return a database whose files state an older version than the one that created them."""
    assert warned
    started.exec("sh", "-c", WRITE.format(17))
    started.handle.restart()
    assert started.exit_code == 1
    return started


def test_other_major_version_is_refused(db, replay):
    """The file in which PostgreSQL records its version contains an older one."""
    db.wait_for_log(LINE)
    replay(f"{ENTRY}/line.console", db=db.handle.id)
    replay(f"{ENTRY}/confirm.console", db=db.handle.id)


def test_matching_version_starts_again(db, run, official):
    """The files have the server's version again, as with the old image; nothing was lost."""
    assert not db.running
    fix = ("sh", "-c", WRITE.format(18))
    fixed = run(official("postgres:18"), *fix, entrypoint="", ready="", volumes_from=[db.handle])
    assert fixed.exit_code == 0

    db.handle.start()

    db.exec("sh", "-c", READY)


def test_other_collation_version_is_a_warning(warned):
    """The database's catalog has an older version of the C library, until it is refreshed."""
    before, after = warned

    assert 'WARNING:  database "postgres" has a collation version mismatch' in before
    assert before.endswith("1")
    assert after == "1"
