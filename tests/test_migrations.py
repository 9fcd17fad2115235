"""The proofs of docs/migrations.md."""

import httpx
import pytest
from python_on_whales.exceptions import DockerException

from harness import SNIPPETS
from harness.container import PATIENCE, TLS, wait_until
from scenarios.production import images, shared

WEB = ["web"]
APP = "signals/exec-form.Dockerfile"
EXPAND = "migrations/expand.0002_note_author.py"
ENTRYPOINT = "migrations/wrong-at-start.entrypoint.sh"
ALONE = "migrations/one-at-a-time.migrate_alone.py"
FOLDER, COMMANDS = "/app/core/migrations", "/app/core/management/commands"
MIGRATE = ["python", "manage.py", "migrate"]
MORE, FAILS = "core/migrations/0002_more.py", "core/migrations/0002_fails.py"
MIGRATION = """
import time
from django.db import migrations, models
def meet(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT nextval('arrived')")
        deadline, seen = time.monotonic() + {patience}, 0
        while seen < 2 and time.monotonic() < deadline:
            cursor.execute("SELECT last_value FROM arrived")
            [seen] = cursor.fetchone()
            time.sleep(0.1)
class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [{operation}]
"""
CREATE = 'migrations.CreateModel("Page", [("id", models.BigAutoField(primary_key=True))])'
MEETING = f"migrations.RunPython(meet), {CREATE}"
IN_PYTHON = 'migrations.AddField("note", "author", models.TextField(default=""))'
REMOVE = 'migrations.RemoveField("note", "created")'
BROKEN = 'migrations.RunSQL("SELECT broken")'


@pytest.fixture
def database(official, run_once, request):
    """Make a database for one test, in a PostgreSQL that all share, and return its URL."""
    password, name = "of-this-test", request.node.name
    options = {"env": {"POSTGRES_PASSWORD": password}, "ready": "listening on IPv4"}
    postgres = run_once(official("postgres:18"), **options)
    postgres.exec("sh", "-c", "until pg_isready --host 127.0.0.1; do sleep 0.1; done")
    postgres.exec("createdb", "--username", "postgres", name)
    postgres.exec("psql", "--username", "postgres", "-qc", "CREATE SEQUENCE arrived", name)
    host = postgres.ip_address
    return f"postgres://postgres:{password}@{host}/{name}"


@pytest.fixture
def production(request, build):
    """Have `web` and what it needs of docs/compose.md up, with the code that it began with."""
    site = shared(request, WEB)
    site.release(images(build)["web"])
    site.up(*WEB)
    return site


def test_failed_migration_stops_up_without_a_web(production, build):
    """The old container is gone, the new one is made and never started."""
    before = production.service("web").handle.id
    production.release(images(build, {FAILS: written(BROKEN)})["web"])

    said = production.run("up", "--detach", "--no-build", "web", check=False)

    web = production.service("web")
    assert "didn't complete successfully: exit 1" in said
    assert web.handle.id != before
    assert web.handle.state.status == "created"


def test_exec_migrates_with_the_old_code(production, build):
    """The new image brings a migration, of which the running container knows nothing."""
    production.release(images(build, {MORE: written(CREATE)})["web"])

    assert "No migrations to apply" in production.run("exec", "-T", "web", *MIGRATE)
    assert "Applying core.0002_more... OK" in production.run("run", "--rm", "-T", "migrate")


def test_two_that_migrate_at_start_collide(build, run, database, tmp_path):
    """Both find the same migration unapplied: one starts Gunicorn, and the other ends with 1."""
    volumes = [mounted(tmp_path, written(MEETING, patience=60))]
    volumes += [(SNIPPETS / ENTRYPOINT, "/app/entrypoint.sh", "ro")]
    env = {"DATABASE_URL": database}
    assert run(build(APP), *MIGRATE, env=env, ready="").exit_code == 0
    two = [run(build(APP), "./entrypoint.sh", env=env, volumes=volumes, ready="") for _ in range(2)]

    assert wait_until(lambda: not all(container.running for container in two))
    winner, loser = sorted(two, key=lambda container: container.running, reverse=True)
    winner.wait_for_log("Listening at")
    assert loser.exit_code == 1
    assert "already exists" in loser.logs()


def test_lock_lets_one_migrate_at_a_time(build, run, database, tmp_path):
    """Of two that start together one migrates, and the other finds nothing left to do."""
    volumes = [mounted(tmp_path, written(MEETING, patience=4))]
    volumes += [(SNIPPETS / ALONE, f"{COMMANDS}/migrate_alone.py", "ro")]
    command = ["python", "manage.py", "migrate_alone"]
    env = {"DATABASE_URL": database}
    two = [run(build(APP), *command, env=env, volumes=volumes, ready="") for _ in range(2)]

    assert [container.exit_code for container in two] == [0, 0]
    logs = [container.logs() for container in two]
    assert sorted("Applying core.0002_more... OK" in log for log in logs) == [False, True]
    assert sorted("No migrations to apply" in log for log in logs) == [False, True]


@pytest.mark.parametrize("expanded", [True, False])
def test_database_default_lets_old_code_write(build, run, database, tmp_path, expanded):
    """A column is added under a running container, whose code does not know it."""
    text = (SNIPPETS / EXPAND).read_text() if expanded else written(IN_PYTHON)
    web = run(build(APP), env={"DATABASE_URL": database}, volumes=[mounted(tmp_path, text)])
    web.exec(*MIGRATE, "core", "0001")
    before = note(web)

    web.exec(*MIGRATE, "core")

    assert (before, note(web)) == (200, 200 if expanded else 500)
    assert ("IntegrityError" in web.logs()) is not expanded


def test_old_code_misses_a_removed_column(build, run, database, tmp_path):
    """It reads all columns that it knows, by name."""
    volumes = [mounted(tmp_path, written(REMOVE))]
    web = run(build(APP), env={"DATABASE_URL": database}, volumes=volumes)
    web.exec(*MIGRATE, "core", "0001")
    before = web.get("/notes/").status_code

    web.exec(*MIGRATE, "core")

    assert (before, web.get("/notes/").status_code) == (200, 500)


def test_check_tells_of_unapplied_migrations(build, run, database):
    """It fails before, and not after."""
    container = run(build(APP), "sleep", "600", env={"DATABASE_URL": database}, ready="")

    with pytest.raises(DockerException, match="code 1"):
        container.exec(*MIGRATE, "core", "--check")
    container.exec(*MIGRATE, "core")
    container.exec(*MIGRATE, "core", "--check")


def written(operation, patience=0):
    """Return the text of a migration."""
    return MIGRATION.format(operation=operation, patience=patience)


def mounted(folder, text):
    """Return the volume that brings a migration into a container."""
    (folder / "0002_more.py").write_text(text)
    return (folder / "0002_more.py", f"{FOLDER}/0002_more.py", "ro")


def note(web):
    """Post a note, and return the status of the answer."""
    url, text = f"{web.address}/notes/", {"text": "kept"}
    return httpx.post(url, data=text, timeout=PATIENCE, verify=TLS).status_code
