"""The proofs of docs/troubleshooting/incompatible-database-files.md."""

import pytest

ENTRY = "troubleshooting/incompatible-database-files"
LINE = "database files are incompatible with server"
READY = "until pg_isready --username postgres --host 127.0.0.1; do sleep 0.1; done"
WRITE = 'echo {} > "$PGDATA/PG_VERSION"'


@pytest.fixture(scope="module")
def db(running, official):
    """Return a database whose files state an older version than the one that created them."""
    password = {"POSTGRES_PASSWORD": "secret"}
    with running(official("postgres:18"), env=password, ready="") as container:
        container.exec("sh", "-c", READY)
        container.exec("sh", "-c", WRITE.format(17))
        container.handle.restart()
        assert container.exit_code == 1
        yield container


def test_other_major_version_is_refused(db, replay):
    """The file in which PostgreSQL records its version contains an older one."""
    assert LINE in db.logs()
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
