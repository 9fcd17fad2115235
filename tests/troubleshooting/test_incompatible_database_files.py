"""The proofs of docs/troubleshooting/incompatible-database-files.md."""

import pytest

ENTRY = "troubleshooting/incompatible-database-files"
LINE = "database files are incompatible with server"
READY = "until pg_isready --username postgres --host 127.0.0.1; do sleep 0.1; done"
WRITE = 'echo {} > "$PGDATA/PG_VERSION"'


@pytest.fixture(scope="module")
def db(running, official):
    """Return a database that has been initialized."""
    password = {"POSTGRES_PASSWORD": "secret"}
    with running(official("postgres:18"), env=password, ready="") as container:
        container.exec("sh", "-c", READY)
        yield container


def test_other_major_version_is_refused(db, replay):
    """The file in which PostgreSQL notes the version of its files names an older one."""
    db.exec("sh", "-c", WRITE.format(17))
    db.handle.restart()
    db.wait_for_log(LINE)

    assert db.exit_code == 1
    replay(f"{ENTRY}/line.console", db=db.handle.id)
    replay(f"{ENTRY}/confirm.console", db=db.handle.id)


def test_matching_version_starts_again(db, run, official):
    """The files are of the server's version again, as with the old image; nothing was lost."""
    fix = ("sh", "-c", WRITE.format(18))
    fixed = run(official("postgres:18"), *fix, entrypoint="", ready="", volumes_from=[db.handle])
    assert fixed.exit_code == 0

    db.handle.start()

    db.exec("sh", "-c", READY)
