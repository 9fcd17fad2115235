"""The proofs of docs/troubleshooting/relation-does-not-exist.md."""

import pytest

ENTRY = "troubleshooting/relation-does-not-exist"
SQLITE = {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
MIGRATE = ["python", "manage.py", "migrate", "--verbosity", "0"]
LEFT_OUT = """
cp -r /app/. $(mktemp -d) && cd /tmp/tmp.* && rm -r core/migrations
python manage.py migrate --verbosity 0 && python manage.py showmigrations core
python manage.py shell --command 'print(Note.objects.count())' 2>&1 | tail -n 1
"""


@pytest.fixture(scope="module")
def web(running, plain_image):
    """Return a container whose SQLite file is new, and in no volume."""
    with running(plain_image, env=SQLITE) as container:
        yield container


def test_missing_table_fails_only_its_views(web, replay):
    """One view needs no table; another one does."""
    assert web.get("/health/").status_code == 200
    assert web.get("/notes/").status_code == 500
    web.wait_for_log("no such table: core_note")
    replay(f"{ENTRY}/line.console", web=web.handle.id)
    replay(f"{ENTRY}/confirm.console", web=web.handle.id)


def test_migrate_brings_the_table(web):
    """The migrations run in the same container, and its worker stays."""
    worker = web.get("/whoami/").json()["pid"]

    web.exec(*MIGRATE)

    assert web.get("/notes/").status_code == 200
    assert web.get("/whoami/").json()["pid"] == worker


def test_new_container_has_no_tables(plain_image, run):
    """The first container is migrated and serves the view; the next one does not."""
    old, new = (run(plain_image, env=SQLITE) for _ in range(2))
    old.exec(*MIGRATE)

    assert [old.get("/notes/").status_code, new.get("/notes/").status_code] == [200, 500]
    new.wait_for_log("no such table: core_note")


def test_app_without_migrations_gets_no_table(plain_image, run):
    """A copy of the project lacks the directory, and its other apps are migrated."""
    container = run(plain_image, "sh", "-c", LEFT_OUT, ready="", env=SQLITE)

    assert container.exit_code == 0
    assert container.logs().splitlines()[-3:] == [
        "core",
        " (no migrations)",
        "django.db.utils.OperationalError: no such table: core_note",
    ]
