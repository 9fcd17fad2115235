"""The proofs of docs/troubleshooting/relation-does-not-exist.md."""

ENTRY = "troubleshooting/relation-does-not-exist"
SQLITE = {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
NEW_FIELD = """
cp -r /app/. $(mktemp -d) && cd /tmp/tmp.*
query() {
    python manage.py shell --verbosity 0 --command 'print([*Note.objects.all()])' 2>&1 | tail -n 1
}
python manage.py migrate --verbosity 0
echo '    price = models.IntegerField(default=0)' >> core/models.py
python manage.py makemigrations --verbosity 0
query
python manage.py migrate --verbosity 0
query
"""
MIGRATE = ["python", "manage.py", "migrate", "--verbosity", "0"]
LEFT_OUT = """
cp -r /app/. $(mktemp -d) && cd /tmp/tmp.* && rm -r core/migrations
python manage.py migrate --verbosity 0 && python manage.py showmigrations core
python manage.py shell --command 'print(Note.objects.count())' 2>&1 | tail -n 1
"""
QUERY_AT_IMPORT = """
exec 2>&1
cp -r /app/. $(mktemp -d) && cd /tmp/tmp.*
echo 'print(list(Note.objects.all()))' >> core/models.py
python manage.py migrate
echo and then
python -W error::RuntimeWarning manage.py check
"""


def test_missing_table_fails_only_its_views(plain_image, run, replay):
    """A view that needs no table works, but a view that needs one fails."""
    web = run(plain_image, env=SQLITE)

    assert web.get("/health/").status_code == 200
    assert web.get("/notes/").status_code == 500
    web.wait_for_log("no such table: core_note")
    replay(f"{ENTRY}/line.console", web=web.handle.id)
    replay(f"{ENTRY}/confirm.console", web=web.handle.id)


def test_migrate_brings_the_table(plain_image, run):
    """The migrations run in the same container, whose worker keeps running."""
    web = run(plain_image, env=SQLITE)
    worker = web.get("/whoami/").json()["pid"]
    before = web.get("/notes/").status_code

    web.exec(*MIGRATE)

    assert (before, web.get("/notes/").status_code) == (500, 200)
    assert web.get("/whoami/").json()["pid"] == worker


def test_new_container_has_no_tables(plain_image, run):
    """The first container is migrated and serves the view, but the next one does not."""
    old, new = (run(plain_image, env=SQLITE) for _ in range(2))
    old.exec(*MIGRATE)

    assert [old.get("/notes/").status_code, new.get("/notes/").status_code] == [200, 500]
    new.wait_for_log("no such table: core_note")


def test_app_without_migrations_gets_no_table(plain_image, run):
    """A copy of the project does not have the directory; its other apps are migrated."""
    container = run(plain_image, "sh", "-c", LEFT_OUT, ready="", env=SQLITE)

    assert container.exit_code == 0
    assert container.logs().splitlines()[-3:] == [
        "core",
        " (no migrations)",
        "django.db.utils.OperationalError: no such table: core_note",
    ]


def test_missing_column_has_the_same_fix(plain_image, run):
    """A copy of the project gets a field and its migration after the database was migrated."""
    container = run(plain_image, "sh", "-c", NEW_FIELD, ready="", env=SQLITE)

    assert container.exit_code == 0
    error, after = container.logs().splitlines()[-2:]
    assert error == "django.db.utils.OperationalError: no such column: core_note.price"
    assert after == "[]"


def test_query_at_import_fails_migrate(plain_image, run):
    """The models of a copy of the project query their own table, which `migrate` would create."""
    container = run(plain_image, "sh", "-c", QUERY_AT_IMPORT, ready="", env=SQLITE)

    assert container.exit_code == 1
    migrate, check = container.logs().split("and then\n")
    assert migrate.endswith("OperationalError: no such table: core_note\n")
    for printed in migrate, check:
        assert "RuntimeWarning: Accessing the database during app initialization" in printed
    assert 'core/models.py", line' in check
    assert "OperationalError" not in check
