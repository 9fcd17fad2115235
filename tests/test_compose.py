"""The proofs of docs/compose.md."""

import json
import subprocess

import pytest
from python_on_whales import DockerClient

from harness import PROBES
from harness.container import Container, wait_until
from scenarios.production import images

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
STATUS = "grep -E '^(Uid|CapEff|NoNewPrivs)' /proc/1/status"


@pytest.fixture(scope="module")
def production(producing):
    """Bring the page's file up once, with a database that takes its time to be made."""
    services = {"db": {"volumes": [f"./slow.sql:{INIT}:ro"]}}
    with producing(services=services, texts={"slow.sql": "SELECT pg_sleep(10);"}) as site:
        yield site


def test_command_brings_up_the_whole_site(production):
    """A page of Django comes, a style sheet that it links to, and the rows of a table."""
    nginx = production.service("nginx")
    page = nginx.get("/").text
    link = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]

    assert "Hello from Django" in page
    assert nginx.get(link).headers["Content-Type"] == "text/css"
    assert nginx.get("/notes/").status_code == 200
    assert production.service("web").handle.state.health.status == "healthy"
    assert "ERROR" not in production.service("web").logs()


def test_condition_waits_for_a_slow_database(production):
    """The database took ten seconds to be made, and the migration found it at once."""
    migrate = production.service("migrate")

    assert "CREATE DATABASE" not in migrate.logs()
    assert migrate.exit_code == 0
    assert migrate.logs().count("Applying core.0001_initial... OK") == 1


@pytest.mark.docker_only("start_interval of a health check")
def test_checks_come_soon_at_the_start(production):
    """In the first minute each second, later every ten; what says nothing for three is ill."""
    checks = [inspect(production.service(name))["Config"]["Healthcheck"] for name in ("web", "db")]
    keys = ("StartInterval", "Interval", "Timeout", "StartPeriod")
    seconds = [[check[key] / 10**9 for key in keys] for check in checks]

    assert checks[0]["Test"] == ["CMD", "python", "healthcheck.py"]
    assert seconds == [[1, 10, 3, 30], [1, 10, 3, 60]]


def test_start_order_alone_loses_the_race(build, stack, tmp_path):
    """The database runs and is not ready, and the migration has ended with 1."""
    compose = stack(WRONG, *slow_database(build, tmp_path), env={"PASSWORD": "of-this-test"})
    compose.run("up", "--detach", "--no-build")

    migrate = compose.service("migrate")

    assert migrate.exit_code == 1
    assert "Connection refused" in migrate.logs()
    assert compose.service("db").running


def test_socket_answers_before_the_port(build, stack, tmp_path):
    """While the database is made, pg_isready without a host says that it is ready."""
    compose = stack(WRONG, *slow_database(build, tmp_path), env={"PASSWORD": "of-this-test"})
    compose.run("up", "--detach", "--no-build", "db")
    socket, port = ["exec", "-T", "db", "pg_isready"], ["--host", "127.0.0.1"]

    assert wait_until(lambda: "accepting" in compose.run(*socket, check=False))
    assert "no response" in compose.run(*socket, *port, check=False)


def test_missing_hosts_are_told(production):
    """Compose names the variable and starts nothing."""
    command = [*production.command, "up", "--no-start"]
    env = production.env | {"ALLOWED_HOSTS": ""}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=production.folder, env=env
    )

    assert done.returncode != 0
    assert "required variable ALLOWED_HOSTS is missing a value" in done.stderr


def test_only_nginx_has_a_port(production):
    """The file publishes one, on the loopback address; the engine has no other."""
    command = [*production.command[: production.command.index("--file")], "config"]
    folder = {"cwd": production.folder, "env": production.env}
    asked = json.loads(subprocess.check_output([*command, "--format", "json"], **folder))
    ports = [port for service in asked["services"].values() for port in service.get("ports", [])]

    assert [(port["host_ip"], port["published"]) for port in ports] == [("127.0.0.1", "8080")]
    assert [len(production.service(name).ports) for name in SERVICES] == [1, 0, 0, 0]


def test_database_is_out_of_reach(production):
    """The proxy finds no address of that name, and the database has no route out of its network."""
    nginx, web, db = (production.service(name) for name in ("nginx", "web", "db"))
    route = "awk '$2 == \"00000000\"' /proc/net/route"
    found = "getent hosts db || echo nowhere"

    assert nginx.exec("sh", "-c", found) == "nowhere"
    assert web.exec("sh", "-c", found) != "nowhere"
    assert db.exec("sh", "-c", route) == ""
    assert web.exec("sh", "-c", route) != ""


def test_every_container_is_locked_down(production):
    """The engine was told so of each, and the kernel says so of those that run."""
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
    """Of each container Docker knows a grace of more than Gunicorn's thirty seconds."""
    graces = [inspect(production.service(name))["Config"]["StopTimeout"] for name in SERVICES]

    assert min(graces) > 30


def test_one_shot_is_not_started_again(production):
    """All others are, unless they were stopped."""
    policies = [host_config(production.service(name))["RestartPolicy"] for name in SERVICES]

    unless, never = "unless-stopped", "no"
    assert [policy["Name"] for policy in policies] == [unless, unless, never, unless]


def test_secrets_are_in_no_environment(production):
    """What `docker inspect` tells holds neither; both containers have read theirs."""
    folder = production.folder / ".secrets"
    values = [path.read_text().strip() for path in folder.iterdir()]
    told = [json.dumps(inspect(production.service(name))) for name in SERVICES]

    assert len(set(values)) == 2
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not [secret for secret in [*values, "SECRET_KEY="] for text in told if secret in text]
    assert production.service("web").exec("cat", "/run/secrets/db_password") in values


def test_database_takes_a_hundred_connections(production):
    """Each is a process of PostgreSQL, and together they are more than 64."""
    assert production.service("web").exec("python", "-c", CONNECT, "90") == "90"


def test_database_has_more_shared_memory(production):
    """The file system of /dev/shm is twice as large as Docker makes it; Podman's is 64,000 kB."""
    sizes = [
        int(production.service(name).exec("sh", "-c", "df -k /dev/shm | awk 'NR == 2 {print $2}'"))
        for name in ("db", "web")
    ]

    assert sizes[0] == 128 * 1024
    assert sizes[1] in {64 * 1024, 64 * 1000}


def test_rows_outlive_the_container(production):
    """The database's container is removed and made anew: its tables are there."""
    before = production.service("db").handle.id
    production.run("rm", "--stop", "--force", "db")
    production.run("up", "--detach", "--wait", "--no-build", "db")

    assert production.service("db").handle.id != before
    assert production.service("nginx").get("/notes/").status_code == 200


def slow_database(build, folder):
    """Return the services of a stack whose database takes long to be made."""
    (folder / "slow.sql").write_text("SELECT pg_sleep(60);")
    web, slow = images(build)["web"], {"volumes": [f"./slow.sql:{INIT}:ro"]}
    return [{"migrate": {"image": web}, "db": slow}]


def hidden(docker: DockerClient):
    """Return what Podman shows in other words: each capability, and no limits of the log."""
    return {"CapDrop", "LogConfig"} if docker.client_config.client_type == "podman" else set()


def inspect(container: Container):
    """Return all that the engine tells of a container."""
    command = [*container.docker.client_config.docker_cmd, "inspect", container.handle.id]
    [told] = json.loads(subprocess.check_output(command))
    return told


def host_config(container: Container):
    """Return what the engine was told of a container."""
    return inspect(container)["HostConfig"]
