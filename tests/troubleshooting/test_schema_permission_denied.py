"""The proofs of docs/troubleshooting/schema-permission-denied.md."""

import pytest

ENTRY = "troubleshooting/schema-permission-denied"
PSQL = ["psql", "--username", "postgres", "--no-align", "--tuples-only", "--command"]
ROLE = "CREATE ROLE shop LOGIN PASSWORD 'secret'"
DJANGO = "python manage.py shell --verbosity 0 --command"
ADD = "from django.db import connection as c; "
ADD += "c.cursor().execute('ALTER TABLE core_note ADD price integer')"
TABLE = "CREATE TABLE core_note (id bigint PRIMARY KEY, text text, created timestamptz)"


@pytest.fixture(scope="module")
def db(empty_db):
    """Return a database with a role that owns nothing."""
    empty_db.exec(*PSQL, ROLE)
    return empty_db


@pytest.fixture
def shop(db, run, plain_image):
    """Return a container whose settings have the role and a new database of the superuser."""
    db.exec(*PSQL, "CREATE DATABASE shop")
    env = {"DATABASE_URL": f"postgres://shop:secret@{db.ip_address}/shop"}
    yield run(plain_image, "sleep", "600", ready="", env=env)
    db.exec(*PSQL, "DROP DATABASE shop WITH (FORCE)")


def test_role_without_the_database_may_not_migrate(db, shop, replay):
    """The superuser owns the database."""
    replay(f"{ENTRY}/line.console", web=shop.handle.id)
    replay(f"{ENTRY}/confirm.console", db=db.handle.id)


def test_owner_of_the_database_may_migrate(db, shop, replay):
    """The reader's command makes the role the owner."""
    replay(f"{ENTRY}/own.console", db=db.handle.id)

    assert shop.exec("python", "manage.py", "migrate").endswith("OK")


def test_table_of_another_role_is_refused(db, shop):
    """The superuser created the table."""
    db.exec(*PSQL[:-1], "--dbname", "shop", PSQL[-1], TABLE)

    printed = shop.exec("sh", "-c", f"{DJANGO} 'print(Note.objects.count())' 2>&1 || true")

    assert "permission denied for table core_note" in printed


def test_migration_must_own_the_table(db, shop):
    """The statement is what a migration runs that adds a column."""
    db.exec(*PSQL[:-1], "--dbname", "shop", PSQL[-1], TABLE)

    printed = shop.exec("sh", "-c", f'{DJANGO} "{ADD}" 2>&1 || true')

    assert "must be owner of table core_note" in printed


def test_owner_of_a_table_may_use_and_change_it(db, shop):
    """The superuser created the table, and then gives it to the role."""
    db.exec(*PSQL[:-1], "--dbname", "shop", PSQL[-1], TABLE)

    db.exec(*PSQL[:-1], "--dbname", "shop", PSQL[-1], "ALTER TABLE core_note OWNER TO shop")

    assert shop.exec("sh", "-c", f"{DJANGO} 'print(Note.objects.count())'") == "0"
    shop.exec("sh", "-c", f'{DJANGO} "{ADD}"')
