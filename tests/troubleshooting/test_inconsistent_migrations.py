"""The proofs of docs/troubleshooting/inconsistent-migrations.md."""

import pytest

ENTRY = "troubleshooting/inconsistent-migrations"
SQLITE = {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
MIGRATE = ["python", "manage.py", "migrate", "--verbosity", "0"]
SHELL = ["python", "manage.py", "shell", "--verbosity", "0", "--command"]
RECORDER = "from django.db.migrations.recorder import MigrationRecorder as R; "
FORGET = f"{RECORDER}R.Migration.objects.filter(app='contenttypes').delete()"
COUNT = f"{RECORDER}print(R.Migration.objects.count())"
ANEW = """
export DATABASE_URL=sqlite:////tmp/development.sqlite3
cp /tmp/db.sqlite3 /tmp/development.sqlite3
python manage.py migrate 2>&1 && exit 1
rm /tmp/development.sqlite3 && python manage.py migrate
"""
LEAVES = """
export DATABASE_URL=sqlite:////tmp/leaves.sqlite3
cp -r /app/. $(mktemp -d) && cd /tmp/tmp.*
last=$(cd core/migrations && ls 0*.py | tail -n 1)
for branch in one two; do
    file=core/migrations/9999_$branch.py
    echo 'from django.db.migrations import Migration as M' > $file
    echo "class Migration(M): dependencies = [('core', '${last%.py}')]" >> $file
done
python manage.py migrate 2>&1 || true
"""


@pytest.fixture(scope="module")
def web(running, plain_image):
    """Return a container whose database has no record of one app's migrations."""
    with running(plain_image, "sleep", "600", ready="", env=SQLITE) as container:
        container.exec(*MIGRATE)
        container.exec(*SHELL, FORGET)
        yield container


def test_missing_dependency_stops_migrate(web, replay):
    """An applied migration depends on one that is not applied."""
    replay(f"{ENTRY}/line.console", web=web.handle.id)
    replay(f"{ENTRY}/confirm.console", web=web.handle.id)


def test_failed_migrate_changes_nothing(web):
    """The same number of migrations is recorded before and after."""
    before = web.exec(*SHELL, COUNT)

    failed = web.exec("sh", "-c", "python manage.py migrate 2>&1 || true")

    assert "is applied before its dependency" in failed
    assert web.exec(*SHELL, COUNT) == before


def test_fake_stops_with_the_same_error(web):
    """Faking the missing migrations fails, and records none of them."""
    before = web.exec(*SHELL, COUNT)

    printed = web.exec("sh", "-c", "python manage.py migrate --fake contenttypes 2>&1 || true")

    assert "is applied before its dependency contenttypes.0001_initial" in printed
    assert web.exec(*SHELL, COUNT) == before


def test_recorded_dependencies_let_migrate_run(web, replay):
    """The reader's command adds both rows, so that `migrate` no longer stops."""
    web.exec("cp", "/tmp/db.sqlite3", "/tmp/kept.sqlite3")

    try:
        replay(f"{ENTRY}/record.console", web=web.handle.id)
        assert "No migrations to apply." in web.exec("python", "manage.py", "migrate")
    finally:
        web.exec("cp", "/tmp/kept.sqlite3", "/tmp/db.sqlite3")


def test_two_leaves_stop_migrate(web):
    """A copy of the project has two migrations with the same parent."""
    printed = web.exec("sh", "-c", LEAVES)

    assert "CommandError: Conflicting migrations detected; multiple leaf nodes" in printed


def test_deleted_database_migrates_again(web):
    """A copy of the database stops `migrate`, which then creates a new one."""
    printed = web.exec("sh", "-c", ANEW)

    assert "is applied before its dependency" in printed
    assert printed.endswith("OK")
