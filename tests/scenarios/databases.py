"""PostgreSQL on a separate network, and the sample project with views of its connections."""

from contextlib import ExitStack, contextmanager

import pytest

from harness import PROBES, PROJECT, SNIPPETS
from harness.container import wait_until
from harness.texts import edited

APP = "dockerfile/app.Dockerfile"
POOL = (SNIPPETS / "database-connections/pool.settings.py").read_text()
KEPT = (SNIPPETS / "database-connections/kept.settings.py").read_text()
BOUNCER, INI = "pgbouncer", "transaction.pgbouncer.ini"
BEHIND = (SNIPPETS / f"{BOUNCER}/behind.settings.py").read_text()
REQUIREMENTS = (PROJECT / "requirements.txt").read_text() + "psycopg-pool==3.3.3\n"
CHANGES = {
    "requirements.txt": REQUIREMENTS,
    "probes/urls.py": (PROBES / "database_urls.py").read_text(),
    "probes/querying.py": (PROBES / "querying_wsgi.py").read_text(),
    "shop/views.py": (PROBES / "stuck_views.py").read_text(),
}
SETTINGS = 'from core.settings import *\nROOT_URLCONF = "probes.urls"\n'
SERVED = {"DJANGO_SETTINGS_MODULE": "served", "PYTHONPATH": "/tmp"}
SERVED |= {"DATABASE_URL": "postgres://app:secret@db/app"}
WRITE = 'echo "$SETTINGS" >/tmp/served.py; echo "$CONFIG" >/tmp/served.conf.py; exec "$@"'
GUNICORN = ["gunicorn", "--bind", "0.0.0.0:8000", "--no-control-socket", "--threads", "2"]
GUNICORN += ["--config", "/tmp/served.conf.py"]
READY = "until pg_isready --quiet --username postgres --host 127.0.0.1; do sleep 0.1; done"
ROLE = ["CREATE ROLE app LOGIN PASSWORD 'secret'", "CREATE DATABASE app OWNER app"]
CLIENTS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"


class Postgres:
    """A PostgreSQL container named `db` on a network, with the role and the database `app`."""

    def __init__(self, container, network) -> None:
        """Wait until it accepts connections, and create the role."""
        self.container, self.network = container, network
        self.ready()
        for statement in ROLE:
            self.sql(statement)

    def ready(self):
        """Wait until it accepts connections on its port."""
        self.container.exec("sh", "-c", READY)

    def sql(self, statement):
        """Run a statement as the superuser, and return psql's output."""
        psql = ["psql", "--username=postgres", "--no-align", "--tuples-only", "--command"]
        return self.container.exec(*psql, statement).strip()

    def clients(self, *containers):
        """Return how many connections these containers have."""
        addresses = ", ".join(f"'{container.ip_address}'" for container in containers)
        return int(self.sql(f"{CLIENTS} AND client_addr IN ({addresses})"))

    def has_clients(self, count, *containers):
        """Wait until these containers have this many connections, and return whether they do."""
        return wait_until(lambda: self.clients(*containers) == count)


@pytest.fixture(scope="module")
def empty_db(official, running):
    """Run PostgreSQL with its superuser alone, once for all tests in a module."""
    password = {"POSTGRES_PASSWORD": "secret"}
    with running(official("postgres:18"), env=password, ready="") as container:
        container.exec("sh", "-c", READY)
        yield container


@pytest.fixture(scope="module")
def postgres(shared_network, official, running):
    """Run PostgreSQL, once for all tests in a module."""
    at = {"networks": [shared_network], "network_aliases": ["db"], "ready": ""}
    password = {"POSTGRES_PASSWORD": "secret"}
    with running(official("postgres:18"), env=password, **at) as container:
        yield Postgres(container, shared_network)


@pytest.fixture(scope="module")
def serving(build, running, postgres):
    """Return a context manager: the app image, with two workers, two threads and this database.

    `settings` and `config` are texts for settings.py and gunicorn.conf.py.
    """

    def serving(settings, *flags, app="core.wsgi", config="", env=None):
        image, text = build(APP, changes=CHANGES), SETTINGS + settings
        given = SERVED | {"SETTINGS": text, "CONFIG": config} | (env or {})
        command = ["sh", "-c", WRITE, "sh", *GUNICORN, *flags, app]
        return running(image, *command, env=given, networks=[postgres.network])

    return serving


@pytest.fixture
def serve(serving):
    """Return a function that starts what `serving` starts, until the end of the test."""
    with ExitStack() as started:
        yield lambda *args, **options: started.enter_context(serving(*args, **options))


def wave(container, path="/query/1/", count=4):
    """Send concurrent requests, and return the status of each response."""
    answers = [container.start_get(path) for _ in range(count)]
    return [answer.result().status_code for answer in answers]


@pytest.fixture(scope="module")
def pooling(build, running, postgres, tmp_path_factory):
    """Return a context manager: PgBouncer with the page's file, in which a test changes lines."""

    @contextmanager
    def pooling(changes=None):
        image = build(f"{BOUNCER}/small.Dockerfile", files=[f"{BOUNCER}/{INI}"])
        folder = tmp_path_factory.mktemp("pgbouncer")
        (folder / "userlist").write_text('"app" "secret"\n')
        text = (SNIPPETS / f"{BOUNCER}/{INI}").read_text()
        (folder / "ini").write_text(edited(text, changes or {}))
        at = [(folder / "userlist", "/run/secrets/userlist", "ro")]
        at += [(folder / "ini", "/etc/pgbouncer/pgbouncer.ini", "ro")]
        options = {"networks": [postgres.network], "ready": "process up"}
        with running(image, volumes=at, **options) as container:
            address = f"postgres://app:secret@{container.ip_address}:6432/app"
            yield container, {"DATABASE_URL": address}

    return pooling
