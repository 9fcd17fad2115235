"""The proofs of docs/troubleshooting/role-does-not-exist.md."""

import pytest

from harness import SNIPPETS
from harness.texts import edited

ENTRY = "troubleshooting/role-does-not-exist"
PSQL = ["psql", "--username", "postgres"]
SHELL = ["python", "manage.py", "shell", "--verbosity", "0", "--command"]
ROOT = 'role "root" does not exist'
CONNECT = "from django.db import connection; connection.ensure_connection(); print('connected')"


@pytest.fixture
def django(empty_db, inside, plain_image):
    """Return a function that makes Django connect as a user, and returns the output."""

    def django(user, database):
        url = f"postgres://{user}:secret@{empty_db.ip_address}/{database}"
        return inside(plain_image, *SHELL, CONNECT, env={"DATABASE_URL": url}).output

    return django


def test_probe_without_a_user_is_logged(empty_db, replay):
    """The command succeeds, but leads to a log line."""
    empty_db.exec("pg_isready")

    empty_db.wait_for_log(ROOT)
    replay(f"{ENTRY}/line.console", db=empty_db.handle.id)
    replay(f"{ENTRY}/confirm.console", db=empty_db.handle.id)


def test_probe_with_a_user_logs_nothing(empty_db):
    """A check without a user follows, so the log is complete."""
    before = empty_db.logs().count("does not exist")

    empty_db.exec("pg_isready", "--username", "postgres")
    empty_db.exec("pg_isready")

    empty_db.wait_for_log("does not exist", count=before + 1)
    assert empty_db.logs().count("does not exist") == before + 1


def test_missing_role_looks_like_a_wrong_password(empty_db, django):
    """The error differs between the client and the database's log."""
    printed = django("nobody", "postgres")

    assert 'password authentication failed for user "nobody"' in printed
    assert "does not exist" not in printed
    empty_db.wait_for_log('Role "nobody" does not exist.')


def test_missing_database_is_named(django):
    """The user and the password are correct, but the database does not exist."""
    assert 'database "nosuch" does not exist' in django("postgres", "nosuch")


def test_created_role_and_database_let_django_in(empty_db, django, replay):
    """Django connects after the reader's command, but not before it."""
    before = django("shop", "shop")

    replay(f"{ENTRY}/create.console", db=empty_db.handle.id)

    after = django("shop", "shop")
    empty_db.exec(*PSQL, "--command", "DROP DATABASE shop", "--command", "DROP ROLE shop")
    assert "password authentication failed" in before
    assert after == "connected\n"


def test_second_creation_changes_nothing(empty_db, django, replay):
    """With another password, both statements fail: the first password and the tables remain."""
    replay(f"{ENTRY}/create.console", db=empty_db.handle.id)
    empty_db.exec(*PSQL, "--dbname", "shop", "--command", "CREATE TABLE kept ()")
    command = (SNIPPETS / ENTRY / "create.console").read_text()
    again = edited(command, {"$ docker exec db ": "", "'secret'": "'other'"})

    printed = empty_db.exec("sh", "-c", f"({again}) 2>&1 || true")

    tables = empty_db.exec(*PSQL, "--dbname", "shop", "--command", "SELECT to_regclass('kept')")
    connected = django("shop", "shop")
    empty_db.exec(*PSQL, "--command", "DROP DATABASE shop", "--command", "DROP ROLE shop")
    assert 'role "shop" already exists' in printed
    assert 'database "shop" already exists' in printed
    assert "kept" in tables
    assert connected == "connected\n"
