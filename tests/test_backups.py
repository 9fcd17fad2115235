"""The proofs of docs/backups.md."""

import os
import re
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest

from guide.names import saved
from harness import SCENARIOS, SNIPPETS, engine
from harness.container import PATIENCE, TLS
from harness.texts import edited
from scenarios.databases import READY
from scenarios.production import ALONE, APP, CHANGES, CHECK, HOST, STATIC, Production, images

SCRIPTS = ["one-folder.backup.sh", "one-folder.restore.sh", "rows.drill.sh"]
OWNER = "RUN install -d -o 10001 /media && touch /media/.keep\n"
ON_WEB = "  web:\n    <<: *app\n"
SHORT = ["backup.sh", "restore.sh"]
UPLOADS = "media|--no-deps"  # what only the lines about uploads contain
OLD, NEW = SCENARIOS / "postgres-17.Dockerfile", "postgres:18"
OWN_VOLUME = {"- db:/var/lib/postgresql": "- db18:/var/lib/postgresql"}
OWN_VOLUME |= {"\nvolumes:\n  db:\n": "\nvolumes:\n  db:\n  db18:\n"}
STOPPED = "sh -c 'docker compose stop nginx && ./short-backup.sh'"
SQLITE, FILE = {"DATABASE_URL": "sqlite:////data/db.sqlite3"}, "/data/db.sqlite3"
WAL = "import sqlite3; sqlite3.connect('/data/db.sqlite3').execute('PRAGMA journal_mode=WAL')"
DELETE = "import sqlite3; c = sqlite3.connect('/data/db.sqlite3', autocommit=True);"
DELETE += " c.execute('DELETE FROM core_note')"
KEPT_OPEN = "import signal, sqlite3; c = sqlite3.connect('/data/db.sqlite3');"
KEPT_OPEN += (
    " c.execute('SELECT * FROM core_note').fetchall(); open('/data/open', 'w'); signal.pause()"
)
COPY = "/tmp/copy"
LOADED = "pg_dump --schema-only app | psql --dbname app"
IN_USE = """
psql --dbname app --command "SELECT pg_sleep(600)" &
connected="FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'"
tries=0
until psql -At --command "SELECT 'yes' $connected" | grep -qx yes; do
  [ $((tries += 1)) -lt 600 ] || exit 1
  sleep 0.1
done
psql --command "ALTER DATABASE app RENAME TO other"
dropdb app
psql --command "SELECT pg_terminate_backend(pid) $connected" > /dev/null
wait
"""


@pytest.fixture(scope="module")
def site(docker, build, builder, official, tmp_path_factory):
    """Return the site of docs/compose.md with the volume for uploads, and the scripts.

    The scripts run in the directory of its files, as on the reader's server.
    """
    official("postgres:18")
    folder = tmp_path_factory.mktemp("backups")
    owned = {"USER 10001": f"{OWNER}USER 10001"}
    web = build(APP, files=[CHECK], changes=CHANGES, edits=owned)
    images = {"web": web, "static": build(STATIC, files=[ALONE])}
    site = Production(docker, builder, folder, images)
    with_uploads(site, "media", os.environ["PROOFS_RUN"])
    for script in SCRIPTS:
        shutil.copy(SNIPPETS / "backups" / script, folder / saved(script))
    try:
        site.up()
        yield site
    finally:
        site.down()


@pytest.fixture
def production(site):
    """Run the site with one row, one upload and no backup."""
    prepare(site)
    return site


@pytest.fixture(scope="module")
def restored(site):
    """Return what exists after a restore, made when a release had damaged the rows and files.

    The release dropped a column; a file was deleted, another one added, and a row written.
    """
    backup = begun(site)
    found = SimpleNamespace(before=tables(site))
    post(site, "written after the backup")
    psql(site, "ALTER TABLE core_note RENAME COLUMN text TO spoiled")
    media(site, "rm /media/photo.jpg && touch /media/later.jpg")

    ran(site, f"./restore.sh {backup}")

    found.tables, found.texts = tables(site), texts(site)
    found.files, found.photo = files(site), media(site, "cat /media/photo.jpg")
    found.replaced = psql(site, "SELECT spoiled FROM core_note ORDER BY id", "before_restore")
    post(site, "written after the restore")
    return found


@pytest.fixture(scope="module")
def moved(site):
    """Return what a restore creates once volumes and containers are gone, as on a new server.

    The lines about uploads are deleted from copies of both scripts, as the page says.
    """
    shorten(site)
    begun(site)
    time.sleep(1)  # because a backup's name ends in the second
    backup = ran(site, "./short-backup.sh")
    found = SimpleNamespace(before=tables(site))
    found.saved = [path.name for path in (site.folder / backup).iterdir()]
    site.run("down", "--volumes")

    found.said = ran(site, f"./short-restore.sh {backup}")

    found.tables, found.texts = tables(site), texts(site)
    return found


def test_restore_brings_back_rows_and_uploads(restored):
    """Every row of every table is as before; the files are exactly those of the backup."""
    assert "kept" in restored.before["core_note"]
    assert restored.tables == restored.before
    assert restored.texts == ["kept"]
    assert (restored.files, restored.photo) == ([".keep", "photo.jpg"], "photo.jpg")


def test_restore_keeps_the_replaced_database(restored):
    """The row written after the backup is in the other database."""
    assert restored.replaced.split("\n") == ["kept", "written after the backup"]


def test_database_in_use_cannot_be_replaced(site):
    """While a client is connected, both commands fail; loading a dump finds the tables there."""
    said = site.run("exec", "-T", "db", "sh", "-c", IN_USE, check=False)
    loaded = site.run("exec", "-T", "db", "sh", "-c", LOADED)

    assert said.count('database "app" is being accessed by other users') == 2
    assert 'relation "core_note" already exists' in loaded


def test_restore_fills_a_new_server(moved):
    """All volumes are new, and every row of every table is restored."""
    assert "kept" in moved.before["core_note"]
    assert moved.tables == moved.before
    assert moved.texts == ["kept"]


def test_without_uploads_the_lines_can_go(moved):
    """The directory contains only the dump, and the rows are restored."""
    assert moved.saved == ["app.dump"]
    assert moved.texts == ["kept"]


def test_dump_moves_to_a_new_major_version(docker, build, builder, official, tmp_path):
    """Every row is in version 18 and its own volume; then 17 has no row that 18 got later."""
    official(NEW)
    old = builder.build(OLD, project=SCENARIOS / "shop")
    site = Production(docker, builder, tmp_path, images(build), {"db": {"image": old}})
    file, override = site.folder / "compose.yaml", site.folder / "override.yaml"
    text, ours = file.read_text(), override.read_text()
    shorten(site)
    try:
        site.up()
        post(site, "kept")
        found = [state(site)]
        backup = ran(site, STOPPED)

        file.write_text(edited(text, OWN_VOLUME))
        override.write_text(edited(ours, {old: NEW}))
        ran(site, f"./short-restore.sh {backup}")
        found.append(state(site))
        post(site, "written after the upgrade")

        file.write_text(edited(file.read_text(), {"- db18:": "- db:"}))
        override.write_text(ours)
        site.up()
        found.append(state(site))
    finally:
        site.down()

    assert "kept" in found[0][1]["core_note"]
    assert [version for version, _ in found] == ["17", "18", "17"]
    assert found[0][1] == found[1][1] == found[2][1]


def test_older_pg_dump_refuses_a_newer_server(build, postgres, run):
    """The client is version 17, which Debian 13 has, and the server is version 18."""
    old = build(OLD, project=SCENARIOS / "shop")
    command = ["pg_dump", "postgres://app:secret@db/app"]

    dump = run(old, *command, networks=[postgres.network], ready="")

    assert dump.exit_code == 1
    assert "error: aborting because of server version mismatch" in dump.logs()


def test_broken_dump_leaves_the_site(production):
    """With half of the dump missing, the script fails, and containers and rows are unchanged."""
    backup = ran(production, "./backup.sh")
    before = [production.service(name).handle.id for name in ("nginx", "web", "db")]
    dump = production.folder / backup / "app.dump"
    os.truncate(dump, dump.stat().st_size // 2)

    done = production.shell(f"./restore.sh {backup}")

    assert done.returncode != 0
    assert [production.service(name).handle.id for name in ("nginx", "web", "db")] == before
    assert texts(production) == ["kept"]


def test_failed_backup_leaves_no_directory(production):
    """With the database stopped, the backup fails, and all older backups are still there."""
    backup = ran(production, "./backup.sh")
    production.run("stop", "db")

    done = production.shell("./backup.sh")

    production.run("up", "--detach", "--wait", "--no-deps", "db")
    assert done.returncode != 0
    assert [path.name for path in (production.folder / ".backups").iterdir()] == [backup[9:]]


def test_script_keeps_the_newest_fourteen(production):
    """Before the run, there are twenty older backups and one unrelated directory."""
    backups = production.folder / ".backups"
    days = [f"2020-01-{day:02}T03-17-00Z" for day in range(1, 21)]
    for name in [*days, "before-the-move"]:
        (backups / name).mkdir(parents=True)

    newest = ran(production, "./backup.sh")[9:]

    left = sorted(path.name for path in backups.iterdir())
    assert left == [*days[-13:], newest, "before-the-move"]


def test_only_its_user_can_read_a_backup(production):
    """The group and others have no permissions, regardless of the shell's umask."""
    backup = production.folder / ran(production, "./backup.sh")

    assert sorted(path.name for path in backup.iterdir()) == ["app.dump", "media.tar"]
    assert [path.stat().st_mode & 0o77 for path in [backup, *backup.iterdir()]] == [0, 0, 0]


def test_cron_line_makes_a_backup(production):
    """The command runs in cron's environment, and does not print anything that cron would mail."""
    [*times, command] = (SNIPPETS / "backups/nightly.crontab").read_text().split(maxsplit=5)
    command = edited(command, {"/srv/shop": str(production.folder)}).strip()
    given = [f"PATH={programs(production)}:/usr/bin:/bin", f"HOME={Path.home()}"]
    given += [f"{name}={value}" for name, value in compose_environment(production).items()]
    given += ["PODMAN_IGNORE_CGROUPSV1_WARNING=1"]  # about the machine, not about the script

    done = production.shell(f"env -i {' '.join(given)} sh -c '{command}'")

    assert times == ["17", "3", "*", "*", "*"]
    assert (done.returncode, done.stdout) == (0, "")
    assert len(backups(production)) == 1


def test_drill_shows_the_rows_of_both(production, replay, monkeypatch):
    """Two rows are written after the backup; the drill removes its database at the end."""
    psql(production, "DROP DATABASE IF EXISTS drill")  # left by a drill that failed
    ran(production, "./backup.sh")
    post(production, "after the backup")
    post(production, "after the backup")
    for name, value in compose_environment(production).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{programs(production)}:{os.environ['PATH']}")

    said = replay("backups/drill.console", cwd=production.folder)

    assert "core_note|1|3" in said.splitlines()
    assert "drill" not in psql(production, "SELECT datname FROM pg_database")


def test_drill_fails_for_a_broken_dump(production):
    """Half of the dump is missing, and the drill fails."""
    dump = production.folder / ran(production, "./backup.sh") / "app.dump"
    os.truncate(dump, dump.stat().st_size // 2)

    assert production.shell("./drill.sh").returncode != 0


def test_copy_of_a_running_database_lacks_committed_rows(official, running):
    """The tables are copied before a checkpoint, all other files after it; the copy starts."""
    env = {"POSTGRES_PASSWORD": "of-this-test"}
    started = running(official("postgres:18"), env=env, ready="listening on IPv4", user="postgres")
    with started as postgres:
        postgres.exec("sh", "-c", READY)

        def sh(command):
            return postgres.exec("sh", "-ec", command)

        sh("psql -c 'CREATE TABLE sold AS SELECT 1 AS ticket' -c CHECKPOINT")
        sh(f"mkdir -m 700 {COPY} && cp -a $PGDATA/base {COPY}")
        sh("psql -c 'INSERT INTO sold VALUES (2)' -c CHECKPOINT")
        sh(f"cd $PGDATA && cp -a $(ls -A | grep -vx -e base -e postmaster.pid) {COPY}")
        sh(f"pg_ctl -D {COPY} -o '-p 5433' -l /tmp/log --wait start")

        select = "psql -At -c 'SELECT ticket FROM sold ORDER BY 1'"
        assert sh(select).split() == ["1", "2"]
        assert sh(f"{select} -p 5433").split() == ["1"]


@pytest.fixture(scope="module")
def with_sqlite(app_image, running):
    """Return a container with SQLite in WAL mode, and a row whose connection is still open."""
    name = f"web-{uuid4().hex[:12]}"
    with running(app_image, env=SQLITE, name=name) as web:
        web.exec("python", "manage.py", "migrate")
        web.exec("python", "-c", WAL)
        web.handle.execute(["python", "-c", KEPT_OPEN], detach=True)
        web.exec("sh", "-c", "until test -e /data/open; do sleep 0.1; done")
        options = {"data": {"text": "kept"}, "timeout": PATIENCE, "verify": TLS}
        httpx.post(f"{web.address}/notes/", **options).raise_for_status()
        web.name = name
        yield web


def test_copy_of_a_sqlite_file_lacks_new_rows(with_sqlite, docker, tmp_path):
    """The row is in the file next to the database until the last connection is closed."""
    copy = tmp_path / "copy.sqlite3"

    docker.copy((with_sqlite.name, FILE), copy)

    assert "kept" in with_sqlite.get("/notes/").text
    assert "db.sqlite3-wal" in with_sqlite.exec("ls", "/data")
    assert rows(copy) == []


def test_sqlite_backup_has_every_row(with_sqlite, replay, tmp_path):
    """The page's command runs while the connection is open."""
    replay("backups/sqlite.console", cwd=tmp_path, web=with_sqlite.name)

    assert rows(tmp_path / "saved.sqlite3") == ["kept"]


def test_sqlite_restore_needs_no_stop(with_sqlite, replay, tmp_path):
    """The page's command, with its two file names swapped, restores the deleted row."""
    replay("backups/sqlite.console", cwd=tmp_path, web=with_sqlite.name)
    with_sqlite.exec("python", "-c", DELETE)
    before = with_sqlite.get("/notes/").json()

    replay("backups/sqlite-restore.console", cwd=tmp_path, web=with_sqlite.name)

    assert before == {"notes": []}
    assert [note["text"] for note in with_sqlite.get("/notes/").json()["notes"]] == ["kept"]


def with_uploads(site, volume, run):
    """Add the volume of docs/media-files.md to the site's Compose file."""
    file = site.folder / "compose.yaml"
    mount = f"{ON_WEB}    volumes: [{volume}:/media]\n"
    named = f"  db:\n  {volume}: {{labels: {{{engine.LABEL}: '{run}'}}}}\n\nsecrets:"
    text = edited(
        file.read_text(), {ON_WEB: mount, "volumes:\n  db:\n\nsecrets:": f"volumes:\n{named}"}
    )
    file.write_text(text)


def shorten(site):
    """Delete the lines about uploads from copies of both scripts, as the page says."""
    for name in SHORT:
        lines = (SNIPPETS / f"backups/one-folder.{name}").read_text().splitlines(keepends=True)
        short = site.folder / f"short-{name}"
        short.write_text("".join(line for line in lines if not re.search(UPLOADS, line)))
        short.chmod(0o755)


def state(site):
    """Return the server's major version, and all rows of each table."""
    return psql(site, "SHOW server_version").partition(".")[0], tables(site)


def prepare(site):
    """Start the site with one row, one upload and no backup."""
    site.up()
    shutil.rmtree(site.folder / ".backups", ignore_errors=True)
    psql(site, "TRUNCATE core_note")
    post(site, "kept")
    media(site, "rm -rf /media/* && printf photo.jpg > /media/photo.jpg")


def begun(site):
    """Prepare the site, and return the name of its only backup."""
    prepare(site)
    return ran(site, "./backup.sh")


def compose_environment(site):
    """Return the variables that tell `docker compose` which project the directory contains."""
    return {name: value for name, value in site.typed.items() if name != "PATH"}


def programs(site):
    """Return the directory with the `docker` that the page's commands find."""
    return site.typed["PATH"].partition(":")[0]


def ran(site, command):
    """Run a command from the page, and return the last line of its output."""
    done = site.shell(command)
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()[-1] if done.stdout else ""


def backups(site):
    """Return the directories of the backups."""
    return sorted((site.folder / ".backups").glob("*Z"))


def post(site, text):
    """Write a row with a request through nginx."""
    options = {"data": {"text": text}, "timeout": PATIENCE, "verify": TLS, **HOST}
    httpx.post(f"{site.service('nginx').address}/notes/", **options).raise_for_status()


def texts(site):
    """Return the rows that a page lists."""
    return [note["text"] for note in site.service("nginx").get("/notes/", **HOST).json()["notes"]]


def media(site, command):
    """Run a shell command in `web`."""
    return site.service("web").exec("sh", "-c", command)


def psql(site, statement, database="app"):
    """Run a statement as PostgreSQL's superuser, and return its output."""
    return site.service("db").exec("psql", "-qAt", "--dbname", database, "--command", statement)


def tables(site):
    """Return all rows of each table."""
    names = psql(site, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'").split()
    return {name: psql(site, f"TABLE {name} ORDER BY 1") for name in names}


def files(site):
    """Return the names of the uploads."""
    return media(site, "ls -A /media").split()


def rows(path):
    """Return the notes of an SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM core_note")]
