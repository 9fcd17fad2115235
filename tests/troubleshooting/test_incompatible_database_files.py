"""The proofs of docs/troubleshooting/incompatible-database-files.md."""

import pytest

from scenarios.databases import READY

ENTRY = "troubleshooting/incompatible-database-files"
LINE = "database files are incompatible with server"
PSQL = "psql --username postgres --no-align --tuples-only --command '{}' 2>&1"
OLDER = "UPDATE pg_database SET datcollversion = $$2.36$$ WHERE datname = current_database()"
WRITE = 'echo {} > "$PGDATA/PG_VERSION"'


@pytest.fixture(scope="module")
def warned(empty_db):
    """Return what a query prints with an older collation version, and with the right one."""
    empty_db.exec("sh", "-c", PSQL.format(OLDER))
    before = empty_db.exec("sh", "-c", PSQL.format("SELECT 1"))
    empty_db.exec("sh", "-c", PSQL.format("REINDEX DATABASE postgres"))
    empty_db.exec("sh", "-c", PSQL.format("ALTER DATABASE postgres REFRESH COLLATION VERSION"))
    return before, empty_db.exec("sh", "-c", PSQL.format("SELECT 1"))


@pytest.fixture(scope="module")
def db(empty_db, warned):
    """Return a database whose files state an older version than the one that created them."""
    assert warned
    empty_db.exec("sh", "-c", WRITE.format(17))
    empty_db.handle.restart()
    assert empty_db.exit_code == 1
    return empty_db


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
