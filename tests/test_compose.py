"""The proofs of docs/compose.md."""

import json
import os
import re
import subprocess
from contextlib import contextmanager
from itertools import pairwise
from zipfile import ZipFile

import httpx
import pytest
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from harness import PROBES, SNIPPETS, name_server
from harness.container import PATIENCE, TLS, Container, wait_until
from harness.texts import edited
from scenarios import forms, whitenoise
from scenarios.production import BUILD, HOST, UPDATE, images
from scenarios.walk import add, log_in, styles

FILE, WRONG = "compose/production.compose.yaml", "compose/wrong-no-condition.compose.yaml"
SERVICES = ["nginx", "web", "migrate", "db"]
INIT = "/docker-entrypoint-initdb.d/slow.sql"
LOCKED = {
    "ReadonlyRootfs": True,
    "CapDrop": ["ALL"],
    "SecurityOpt": ["no-new-privileges"],
    "Memory": 512 * 2**20,
    "MemorySwap": 512 * 2**20,
    "NanoCpus": 10**9,
    "LogConfig": {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}},
}
CONNECT = (PROBES / "connections.py").read_text()
COUNT = "select count(*) from pg_stat_activity where usename = 'app'"
ROLE = "select rolsuper or rolcreaterole or rolcreatedb or rolreplication from pg_roles"
ROLE = f"{ROLE} where rolname = current_user"
QUERY = f"""
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("{ROLE}")
    print(cursor.fetchone()[0], connection.settings_dict["USER"])
"""
NAMED = r"\d+\.\d+\.\d+\.\d+"
STYLE = (200, "text/css")
STATUS = "grep -E '^(Uid|CapEff|NoNewPrivs)' /proc/1/status"

BEFORE = ["settings", "dockerfile", "static-files", "health-checks"]
# The first try with a small Dockerfile, the settings of others, and what needs a running site.
NOT_YET = ["dockerfile/shortest.Dockerfile", "compose/password-file.settings.py"]
NOT_YET += ["compose/superuser.console"]
RELEASE = {
    "import admin\n": "import admin\nfrom django.http import HttpResponse\n",
    "urlpatterns = [\n": "urlpatterns = [\n    path('new/', lambda _: HttpResponse('new')),\n",
}


@pytest.fixture(scope="module")
def production(producing):
    """Run the page's command once, with a database whose first-time setup takes long.

    The first request is sent as soon as the command returns.
    """
    services = {"db": {"volumes": [f"./slow.sql:{INIT}:ro"]}}
    texts = {"slow.sql": "SELECT pg_sleep(10);"}
    with producing(services=services, texts=texts, built=True) as site:
        site.first_page = site.service("nginx").get("/", **HOST)
        yield site


def test_command_brings_up_the_whole_site(production):
    """The command has built the images; a page, its stylesheet and the table's rows load."""
    nginx = production.service("nginx")
    link = re.search(whitenoise.LINK, production.first_page.text)[1]

    assert production.first_page.status_code == 200
    assert nginx.get(link, **HOST).headers["Content-Type"] == "text/css"
    assert nginx.get("/notes/", **HOST).status_code == 200
    for name in ("nginx", "web", "db"):
        assert production.service(name).handle.state.health.status == "healthy"
    assert "ERROR" not in production.service("web").logs()


@pytest.mark.docker_only("BuildKit, which builds both images of the Compose file")
def test_pages_lead_to_a_site_and_its_update(walk, startproject):
    """The robot does all that the pages say; a group of the admin survives the update."""
    walk.begin(startproject())
    for page in [*BEFORE, "compose"]:
        walk.follow(page, without=NOT_YET)
    walk.run("compose", "sh secrets.sh")
    walk.run("compose", BUILD)
    walk.do("compose/superuser.console")
    with log_in(walk.stack.service("nginx").address, **HOST) as admin:
        sheets = styles(admin)
        add(admin, "editors")
    migrated = walk.run("migrations", "docker compose run --rm migrate")
    walk.follow("updates")
    walk.run("updates", "chmod +x update.sh")
    archive = walk.archive("compose")
    urls = walk.folder / "core/urls.py"
    urls.write_text(edited(urls.read_text(), RELEASE))

    walk.run("updates", UPDATE)

    with log_in(walk.stack.service("nginx").address, **HOST) as admin:
        sheets += styles(admin)
        assert admin.get("/new/").text == "new"
        assert "editors" in admin.get("/admin/auth/group/").text
    assert {(sheet.status_code, sheet.headers["Content-Type"]) for sheet in sheets} == {STYLE}
    assert "No migrations to apply" in migrated
    with ZipFile(archive) as files:
        assert not [name for name in files.namelist() if ".secrets" in name]
        assert set(files.namelist()) >= {f"compose/{name}" for name in (".env", "update.sh")}


def test_condition_waits_for_a_slow_database(production):
    """The database setup takes ten seconds; the migration connects at its first attempt."""
    migrate = production.service("migrate")

    assert "CREATE DATABASE" not in migrate.logs()
    assert migrate.exit_code == 0
    assert migrate.logs().count("Applying core.0001_initial... OK") == 1


@pytest.mark.docker_only("the start_interval of a health check")
def test_checks_come_soon_at_the_start(production):
    """The checks of a `web` that does not respond run every second at first, later every ten."""
    containers = [production.service(name) for name in ("nginx", "web", "db")]
    checks = [inspect(container)["Config"]["Healthcheck"] for container in containers]
    keys = ("StartInterval", "Interval", "Timeout")
    with one_off(production, "sleep", "600") as container:
        soon, later = gaps(container, until="starting"), gaps(container, until="unhealthy")

    assert [[check[key] / 10**9 for key in keys] for check in checks] == [[1, 10, 3]] * 3
    assert max(soon) < 3
    assert min(later) > 9


def test_start_order_alone_loses_the_race(build, stack, tmp_path):
    """The database container is running but not ready, and the migration has exited with code 1."""
    compose = stack(WRONG, *slow_database(build, tmp_path), env={"PASSWORD": "of-this-test"})
    compose.run("up", "--detach", "--no-build")

    migrate = compose.service("migrate")

    assert migrate.exit_code == 1
    migrate.wait_for_log("Connection refused")
    assert compose.service("db").running


def test_socket_answers_before_the_port(build, stack, tmp_path):
    """During the database setup, pg_isready without a host reports that the server is ready."""
    compose = stack(WRONG, *slow_database(build, tmp_path), env={"PASSWORD": "of-this-test"})
    compose.run("up", "--detach", "--no-build", "db")
    socket, port = ["exec", "-T", "db", "pg_isready"], ["--host", "127.0.0.1"]

    assert wait_until(lambda: "accepting" in compose.run(*socket, check=False))
    assert "no response" in compose.run(*socket, *port, check=False)


def test_missing_hosts_are_told(production):
    """Compose prints the name of the variable, and starts nothing."""
    command = [*production.command, "up", "--no-start"]
    env = production.env | {"ALLOWED_HOSTS": ""}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=production.folder, env=env
    )

    assert done.returncode != 0
    assert "required variable ALLOWED_HOSTS is missing a value" in done.stderr


def test_only_nginx_has_a_port(production):
    """The file publishes one port, on the loopback address; no other port is published."""
    command = [*production.command[: production.command.index("--file")], "config"]
    folder = {"cwd": production.folder, "env": production.env}
    asked = json.loads(subprocess.check_output([*command, "--format", "json"], **folder))
    ports = [port for service in asked["services"].values() for port in service.get("ports", [])]

    assert [(port["host_ip"], port["published"]) for port in ports] == [("127.0.0.1", "8080")]
    assert [len(production.service(name).ports) for name in SERVICES] == [1, 0, 0, 0]


def test_database_is_out_of_reach(production):
    """The proxy cannot connect to the database, which cannot connect to any other network."""
    nginx, web, db = (production.service(name) for name in ("nginx", "web", "db"))
    database, outside = (db.ip_address, 5432), (nginx.ip_address, 8080)

    assert connects(web, *database)
    assert connects(web, *outside)
    assert not connects(nginx, *database)
    assert not connects(db, *outside)


def test_every_container_is_locked_down(production):
    """The engine reports the settings for every container, the kernel for the running ones."""
    containers = {name: production.service(name) for name in SERVICES}
    told = {name: host_config(container) for name, container in containers.items()}
    locked = {key: value for key, value in LOCKED.items() if key not in hidden(production.docker)}

    for host in told.values():
        assert {key: host[key] for key in locked} == locked
    assert [host["PidsLimit"] for host in told.values()] == [64, 64, 64, 256]
    for name in ("nginx", "web", "db"):
        uid, capabilities, privileges = containers[name].exec("sh", "-c", STATUS).splitlines()
        assert uid.split()[1] != "0"
        assert int(capabilities.split()[1], 16) == 0
        assert privileges.split()[1] == "1"


def test_grace_is_longer_than_gunicorns(production):
    """Docker's grace period for every container is longer than Gunicorn's thirty seconds."""
    graces = [inspect(production.service(name))["Config"]["StopTimeout"] for name in SERVICES]

    assert min(graces) > 30


def test_one_shot_is_not_started_again(production):
    """When a signal kills PID 1 of any of the other containers, the engine restarts it."""
    for name, signal in {"web": "TERM", "nginx": "QUIT", "db": "INT"}.items():
        container = production.service(name)
        before = container.handle.restart_count

        container.exec("sh", "-c", f"kill -{signal} 1")

        assert wait_until(lambda: container.handle.restart_count > before), name  # noqa: B023
    assert wait_until(lambda: all(healthy(production, name) for name in ("nginx", "web", "db")))
    assert production.service("migrate").handle.restart_count == 0
    assert production.service("migrate").handle.state.status == "exited"


def test_secrets_are_in_no_environment(production):
    """`docker inspect` shows no secret, and both containers have read theirs."""
    folder = production.folder / ".secrets"
    values = [path.read_text().strip() for path in folder.iterdir()]
    told = [json.dumps(inspect(production.service(name))) for name in SERVICES]

    assert len(set(values)) == 3
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_uid == os.getuid()
    assert not [secret for secret in [*values, "SECRET_KEY="] for text in told if secret in text]
    assert production.service("web").exec("cat", "/run/secrets/db_password") in values


def test_database_takes_a_hundred_connections(production):
    """Each connection is a PostgreSQL process, and together they are more than 64."""
    assert production.service("web").exec("python", "-c", CONNECT, "90") == "90"


def test_app_has_a_role_of_its_own(production):
    """In PostgreSQL, Django's role is not a superuser, and cannot create roles or databases."""
    shell = ["python", "manage.py", "shell", "--verbosity", "0", "--command", QUERY]

    assert production.service("web").exec(*shell) == "False app"


def test_administrator_connects_when_the_app_has_every_connection(production):
    """The app uses every connection that an ordinary role can get; psql still connects."""
    most = "97"  # PostgreSQL reserves three of its hundred for superusers
    psql = ["exec", "-T", "db", "psql", "--tuples-only", "--command", COUNT]
    with one_off(production, "python", "-c", CONNECT, most, "600"):
        assert wait_until(lambda: production.run(*psql).split() == [most])

        assert fails(production.service("web"), "python", "-c", CONNECT, "1")


def test_database_has_more_shared_memory(production):
    """/dev/shm is twice as large as Docker's default; Podman's default is 64,000 kB."""
    sizes = [
        int(production.service(name).exec("sh", "-c", "df -k /dev/shm | awk 'NR == 2 {print $2}'"))
        for name in ("db", "web")
    ]

    assert sizes[0] == 128 * 1024
    assert sizes[1] in {64 * 1024, 64 * 1000}


def test_rows_outlive_the_container(production):
    """A note is written, the database container is recreated, and the note is still there."""
    nginx, before = production.service("nginx"), production.service("db").handle.id
    options = {"data": {"text": "kept for ever"}, "verify": TLS, "timeout": PATIENCE, **HOST}
    assert httpx.post(f"{nginx.address}/notes/", **options).status_code == 200

    production.run("rm", "--stop", "--force", "db")
    production.run("up", "--detach", "--wait", "--no-build", "db")

    assert production.service("db").handle.id != before
    assert "kept for ever" in nginx.get("/notes/", **HOST).text


def test_form_passes_behind_a_tls_proxy(production):
    """The test runs as the TLS proxy on the host: nginx trusts it, and Django trusts nginx."""
    nginx = production.service("nginx")
    gateway = name_server.gateway(production.docker, next(iter(networks(nginx))))
    text = (SNIPPETS / "behind-a-load-balancer/believed.balancer.conf").read_text()
    text, found = re.subn(NAMED, gateway, text)
    before, balancer = production.conf.read_text(), production.conf.with_name("balancer.conf")
    assert found == 2

    try:
        balancer.write_text(text)
        production.conf.write_text(edited(before, {"Proto $scheme;": "Proto $client_scheme;"}))
        nginx.exec("nginx", "-s", "reload")
        posted = wait_until(lambda: passed(forms.posted(nginx.address, "example.com")))
    finally:
        balancer.unlink()
        production.conf.write_text(before)
        nginx.exec("nginx", "-s", "reload")

    assert posted


def slow_database(build, folder):
    """Return the services of a stack whose database takes long to set up."""
    (folder / "slow.sql").write_text("SELECT pg_sleep(60);")
    web, slow = images(build)["web"], {"volumes": [f"./slow.sql:{INIT}:ro"]}
    return [{"migrate": {"image": web}, "db": slow}]


def hidden(docker: DockerClient):
    """Return what Podman writes differently: every capability by name, and no log limits."""
    return {"CapDrop", "LogConfig"} if docker.client_config.client_type == "podman" else set()


def inspect(container: Container):
    """Return all that the engine reports about a container."""
    command = [*container.docker.client_config.docker_cmd, "inspect", container.handle.id]
    [told] = json.loads(subprocess.check_output(command))
    return told


def host_config(container: Container):
    """Return a container's host configuration, as the engine reports it."""
    return inspect(container)["HostConfig"]


@contextmanager
def one_off(production, *command):
    """Run one more container of `web` with another command, and remove it afterwards."""
    name = production.run("run", "--detach", "--no-deps", "web", *command).split()[-1]
    container = Container(production.docker, production.docker.container.inspect(name))
    try:
        yield container
    finally:
        container.remove()


def networks(container: Container):
    """Return a container's networks, by name."""
    return container.handle.network_settings.networks


def healthy(production, name):
    """Whether a service is currently healthy."""
    return production.service(name).handle.state.health.status == "healthy"


def connects(container: Container, address, port):
    """Whether a TCP connection from a container to an address is accepted."""
    return not fails(container, "timeout", "5", "bash", "-c", f"</dev/tcp/{address}/{port}")


def fails(container: Container, *command):
    """Whether a command inside exits with a code other than 0."""
    try:
        container.exec(*command)
    except DockerException:
        return True
    return False


def passed(response):
    """Whether a form has passed Django's CSRF check."""
    return response.status_code == 200 and forms.PASSED in response.text


def gaps(container: Container, until):
    """Return the seconds between the latest health checks, once the health status is `until`.

    Docker keeps five results; the first three are enough.
    """

    def log():
        health = container.handle.state.health
        return health.status == until and len(health.log or []) >= 3 and health.log[-3:]

    starts = [check.start for check in wait_until(log)]
    return [(b - a).total_seconds() for a, b in pairwise(starts)]
