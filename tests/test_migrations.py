"""The proofs of docs/migrations.md."""

import httpx
import pytest

from guide.names import saved
from harness import PROJECT, SNIPPETS
from harness.container import PATIENCE, TLS, wait_until
from harness.texts import edited
from scenarios.databases import READY
from scenarios.production import images

WEB = ["web"]
EXPAND = "migrations/expand.0002_note_author.py"
CONTRACT = [EXPAND, "migrations/forget.0003_forget_created.py"]
CONTRACT += ["migrations/drop.0004_drop_created.py"]
WITHOUT_CREATED = {  # the code of a release without the field
    "core/models.py": {"    created = models.DateTimeField(auto_now_add=True)\n": ""},
    "core/views.py": {'"text", "created"': '"text"'},
}
IN_USE = "BEGIN; LOCK TABLE core_note IN ACCESS SHARE MODE; SELECT pg_sleep(600)"
LOCKS = "SELECT count(*) FROM pg_locks WHERE relation = to_regclass('core_note')"
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'"
ENTRYPOINT = "migrations/wrong-at-start.entrypoint.sh"
ALONE = "migrations/one-at-a-time.migrate_alone.py"
PASSWORD = "of-these-tests"  # noqa: S105
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


@pytest.fixture(scope="module")
def postgres(official, running):
    """Return a PostgreSQL for the tests in this file."""
    options = {"env": {"POSTGRES_PASSWORD": PASSWORD}, "ready": "listening on IPv4"}
    with running(official("postgres:18"), **options) as postgres:
        postgres.exec("sh", "-c", READY)
        yield postgres


@pytest.fixture
def database(postgres, request):
    """Create a database for one test, and return its URL."""
    name = request.node.name
    postgres.exec("createdb", "--username", "postgres", name)
    postgres.exec("psql", "--username", "postgres", "-qc", "CREATE SEQUENCE arrived", name)
    host = postgres.ip_address
    return f"postgres://postgres:{PASSWORD}@{host}/{name}"


@pytest.fixture(scope="module")
def site(producing):
    """Return `web` of docs/compose.md and its dependencies, for the tests in this file."""
    with producing(*WEB) as site:
        yield site


@pytest.fixture
def production(site, build):
    """Run the site with its original code."""
    site.release(images(build)["web"])
    site.up(*WEB)
    return site


def test_failed_migration_stops_up_without_a_web(production, build):
    """The old container is removed, and the new one is created but never started."""
    before = production.service("web").handle.id
    production.release(images(build, {FAILS: written(BROKEN)})["web"])

    said = production.run("up", "--detach", "--no-build", "web", check=False)

    web = production.service("web")
    assert "didn't complete successfully: exit 1" in said
    assert web.handle.id != before
    assert web.handle.state.status == "created"


def test_exec_migrates_with_the_old_code(production, build):
    """The new image contains a migration that the running container does not have."""
    production.release(images(build, {MORE: written(CREATE)})["web"])

    assert "No migrations to apply" in production.run("exec", "-T", "web", *MIGRATE)
    assert "Applying core.0002_more... OK" in production.run("run", "--rm", "-T", "migrate")


def test_two_that_migrate_at_start_collide(plain_image, run, inside, database, tmp_path):
    """Both find the same unapplied migration: one starts Gunicorn, the other exits with code 1."""
    volumes = [mounted(tmp_path, written(MEETING, patience=60))]
    volumes += [(SNIPPETS / ENTRYPOINT, "/app/entrypoint.sh", "ro")]
    env = {"DATABASE_URL": database}
    assert inside(plain_image, *MIGRATE, env=env).exit_code == 0
    options = {"env": env, "volumes": volumes, "ready": ""}
    two = [run(plain_image, "./entrypoint.sh", **options) for _ in range(2)]

    assert wait_until(lambda: not all(container.running for container in two))
    winner, loser = sorted(two, key=lambda container: container.running, reverse=True)
    winner.wait_for_log("Listening at")
    assert loser.exit_code == 1
    loser.wait_for_log("already exists")


def test_entrypoint_migrates_before_any_command(plain_image, run):
    """The image has the script as its entrypoint: Gunicorn starts instead of the command."""
    options = {"volumes": [(SNIPPETS / ENTRYPOINT, "/entrypoint.sh", "ro")]}
    options |= {
        "entrypoint": "/entrypoint.sh",
        "env": {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"},
    }
    container = run(
        plain_image, "python", "manage.py", "shell", "--command", "print(6 * 7)", **options
    )

    log = container.wait_for_log("Booting worker")

    assert "Applying core.0001_initial... OK" in log
    assert "42" not in log.splitlines()
    assert not any("manage.py" in command for command in container.top())


def test_lock_lets_one_migrate_at_a_time(plain_image, run, database, tmp_path):
    """Of two that start together, one migrates, and the other finds nothing left to apply."""
    volumes = [mounted(tmp_path, written(MEETING, patience=4))]
    volumes += [(SNIPPETS / ALONE, f"{COMMANDS}/migrate_alone.py", "ro")]
    command = ["python", "manage.py", "migrate_alone"]
    env = {"DATABASE_URL": database}
    two = [run(plain_image, *command, env=env, volumes=volumes, ready="") for _ in range(2)]

    assert [container.exit_code for container in two] == [0, 0]
    logs = [container.logs() for container in two]
    assert sorted("Applying core.0002_more... OK" in log for log in logs) == [False, True]
    assert sorted("No migrations to apply" in log for log in logs) == [False, True]


@pytest.mark.parametrize("expanded", [True, False])
def test_database_default_lets_old_code_write(plain_image, run, database, tmp_path, expanded):
    """A column is added while a container runs whose code does not have the field."""
    text = (SNIPPETS / EXPAND).read_text() if expanded else written(IN_PYTHON)
    web = run(plain_image, env={"DATABASE_URL": database}, volumes=[mounted(tmp_path, text)])
    web.exec(*MIGRATE, "core", "0001")
    before = note(web)

    web.exec(*MIGRATE, "core")

    assert (before, note(web)) == (200, 200 if expanded else 500)
    assert ("IntegrityError" in web.logs()) is not expanded


def test_old_code_misses_a_removed_column(plain_image, run, database, tmp_path):
    """The old code selects every column of its model by name."""
    volumes = [mounted(tmp_path, written(REMOVE))]
    web = run(plain_image, env={"DATABASE_URL": database}, volumes=volumes)
    web.exec(*MIGRATE, "core", "0001")
    before = web.get("/notes/").status_code

    web.exec(*MIGRATE, "core")

    assert (before, web.get("/notes/").status_code) == (200, 500)


def test_forgotten_field_suits_old_and_new_code(plain_image, run, database, tmp_path):
    """After the first release, old and new code read and write notes; after two, old code fails."""
    env, volumes = {"DATABASE_URL": database}, migrations()
    old = run(plain_image, env=env, volumes=volumes)
    old.exec(*MIGRATE, "core", "0003")
    for path, changes in WITHOUT_CREATED.items():
        (tmp_path / path.replace("/", "-")).write_text(
            edited((PROJECT / path).read_text(), changes)
        )
        volumes.append((tmp_path / path.replace("/", "-"), f"/app/{path}", "ro"))
    new = run(plain_image, env=env, volumes=volumes)

    first = [(note(code), code.get("/notes/").status_code) for code in (old, new)]
    new.exec(*MIGRATE, "core")
    second = [(note(code), code.get("/notes/").status_code) for code in (old, new)]

    assert first == [(200, 200), (200, 200)]
    assert second == [(500, 500), (200, 200)]


def test_lock_timeout_ends_a_migration(plain_image, run, postgres, database, request):
    """An open transaction has read the table: the migration fails, and pages keep working."""
    psql = ["psql", "--username", "postgres", "-tAc"]
    name = request.node.name
    web = run(plain_image, env={"DATABASE_URL": database}, volumes=migrations())
    web.exec(*MIGRATE, "core", "0003")
    postgres.background.submit(postgres.exec, *psql, IN_USE, name)
    assert wait_until(lambda: postgres.exec(*psql, LOCKS, name) != "0")

    try:
        said = web.exec("sh", "-c", "python manage.py migrate core 2>&1 || echo it failed")
        assert "canceling statement due to lock timeout" in said
        assert said.endswith("it failed")
        assert web.get("/notes/").status_code == 200
    finally:
        postgres.exec(*psql, END, name)


def test_check_tells_of_unapplied_migrations(plain_image, inside, postgres, database, request):
    """The check fails before the migration, but not after it, and creates no table."""
    env = {"DATABASE_URL": database}
    command = [*MIGRATE, "--check"]
    table = ["psql", "--username", "postgres", "-tAc", "SELECT to_regclass('core_note')"]

    before = inside(plain_image, *command, env=env).exit_code
    unmade = postgres.exec(*table, request.node.name)
    codes = [inside(plain_image, *run, env=env).exit_code for run in (MIGRATE, command)]

    assert before == 1
    assert unmade == ""
    assert codes == [0, 0]


def migrations():
    """Return the volumes that add the page's migrations to a container."""
    return [(SNIPPETS / path, f"{FOLDER}/{saved(path)}", "ro") for path in CONTRACT]


def written(operation, patience=0):
    """Return a migration's text."""
    return MIGRATION.format(operation=operation, patience=patience)


def mounted(folder, text):
    """Return the volume that adds a migration to a container."""
    (folder / "0002_more.py").write_text(text)
    return (folder / "0002_more.py", f"{FOLDER}/0002_more.py", "ro")


def note(web):
    """Post a note, and return the response's status."""
    url, text = f"{web.address}/notes/", {"text": "kept"}
    return httpx.post(url, data=text, timeout=PATIENCE, verify=TLS).status_code
