"""The proofs of docs/swarm.md: most of them check what a single scenario recorded."""

import json
import re
import subprocess
import time

import pytest
from filelock import FileLock

from harness import SNIPPETS
from harness.container import PATIENCE, wait_until
from harness.contract.saved_image import saving
from harness.load import Load
from harness.texts import edited
from scenarios.health_checks import CHANGES, CHECKED
from scenarios.health_checks import FILES as CHECK

SCRIPTS = {"once.init.sh": "init.sh", "rolling.deploy.sh": "deploy.sh"}
STACK = {"rolling.stack.yaml": "stack.yaml"}
DRAINS = "swarm/drains.gunicorn.conf.py"
FROM_A_FILE = (SNIPPETS / "secrets/from-a-file.settings.py").read_text()
PASSWORD = (SNIPPETS / "compose/password-file.settings.py").read_text()
SETTINGS = CHANGES["core/settings.py"]
[DATABASE] = [line for line in SETTINGS.splitlines() if line.startswith("DATABASES")]
SECRETS = {'SECRET_KEY = os.environ["SECRET_KEY"]': FROM_A_FILE, DATABASE: PASSWORD}
CHANGES = {**CHANGES, "core/settings.py": edited(SETTINGS, SECRETS)}
STATIC = "static-files/nginx.Dockerfile.static"
CONF = ["proxy/nginx.default.conf"]
IMAGE = {"files": [*CHECK, DRAINS], "changes": CHANGES}
ENGINE = "docker:28.5-dind"
WEB, NGINX = "registry.example/web", "registry.example/web-static"
POSTGRES = {"env": {"POSTGRES_PASSWORD": "of-these-tests"}, "ready": "listening on IPv4"}
POST = {"methods": ["POST"], "data": {"text": "kept"}}
GUNICORN = "gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket --threads 2"


class Swarm:
    """One node in its own engine, with this run's images instead of a registry's."""

    def __init__(self, container, images, database) -> None:
        """Wait for the engine, and give it the files, and the images under a registry's names."""
        url = f"postgres://postgres@{database}/postgres"
        self.container, self.env = container, {"ALLOWED_HOSTS": "127.0.0.1", "DATABASE_URL": url}
        wait_until(lambda: self.run("docker", "info")[0] == 0)
        docker = container.docker.client_config.docker_cmd
        save = subprocess.Popen(saving(container.docker, *images.values()), stdout=subprocess.PIPE)
        load = [*docker, "exec", "--interactive", container.handle.id, "docker", "load"]
        with save:
            subprocess.run(load, check=True, stdin=save.stdout, capture_output=True)
        place = "localhost/" if container.docker.client_config.client_type == "podman" else ""
        for name, image in images.items():
            code, printed = self.run("docker", "tag", f"{place}{image}", name)
            assert code == 0, printed
        self.run("mkdir", "/site")
        self.run("sh", "-c", f"echo {POSTGRES['env']['POSTGRES_PASSWORD']} > /site/password")
        for file, name in (SCRIPTS | STACK).items():
            container.docker.copy(SNIPPETS / "swarm" / file, (container.handle, f"/site/{name}"))

    def run(self, *command):
        """Run a command in the site's directory, and return its exit code and its output."""
        env = [f"--env={name}={value}" for name, value in self.env.items()]
        docker = self.container.docker.client_config.docker_cmd
        program = [*docker, "exec", "--workdir=/", *env, self.container.handle.id]
        done = subprocess.run(
            [*program, *command], check=False, capture_output=True, text=True, timeout=2 * PATIENCE
        )
        return done.returncode, done.stdout + done.stderr

    def deploy(self, web, nginx):
        """Run the page's script with two tags."""
        return self.run("sh", "-c", f"cd /site; ./deploy.sh {WEB}:{web} {NGINX}:{nginx}")

    def tasks(self):
        """Return the image and the state of each of the web service's tasks, newest first."""
        return self.run("docker", "service", "ps", "site_web", "--format", TASK)[1].splitlines()

    @property
    def url(self):
        """Return the URL at which this machine reaches the published port."""
        port = self.container.handle.network_settings.ports["8080/tcp"][0]["HostPort"]
        return f"http://127.0.0.1:{port}"


def seen_in(swarm):
    """Deploy, update, deploy a broken image, and change nginx; return the observations."""
    init = "cd /site; ./init.sh password"
    seen = {"init": swarm.run("sh", "-c", init), "other tags": swarm.run("sh", "-c", TAGS)}
    seen["migrated"], seen["first"] = swarm.run("sh", "-c", MIGRATE), swarm.deploy(1, 1)
    since = time.time()
    with Load(f"{swarm.url}/sleep/0.5/") as get, Load(f"{swarm.url}/notes/", **POST) as post:
        seen["update"], seen["updated"] = swarm.deploy(2, 1), swarm.tasks()
        get.wait()
        post.wait()
        seen["update lost"] = get.lost + post.lost
        seen["update asked"] = [get.answers.total(), post.answers.total()]
        seen["events"] = swarm.run(*EVENTS, f"--since={since:.3f}", f"--until={time.time():.3f}")
        seen["broken"], seen["rolled back"] = swarm.deploy(3, 1), swarm.tasks()
        seen["state"] = swarm.run("docker", "service", "inspect", "site_web", "--format", STATE)
    seen["rollback lost"] = get.lost + post.lost - seen["update lost"]
    change = ["docker", "service", "update", "--detach", "--image", f"{NGINX}:2", "site_nginx"]
    with Load(f"{swarm.url}/health/live") as load:
        seen["nginx"] = swarm.run(*change)
        wait_until(lambda: load.lost)
    seen["nginx lost"], seen["nginx answered"] = load.lost, load.answers[200]
    seen["left out"] = [swarm.run("sh", "-c", command) for command in LEFT_OUT]
    return seen


@pytest.fixture(scope="module")
def image(build):
    """Build the page's image: with a health check, the secret, and draining."""
    return build(CHECKED, **IMAGE)


@pytest.fixture(scope="module")
def recorded(builder, image, build, official, running):
    """Return the scenario's observations, from a separate engine.

    One test process runs it for all of them, because it takes longer than all of these tests.
    """
    images = {f"{WEB}:1": image, f"{NGINX}:1": build(STATIC, files=CONF)}
    dockerd = official(ENGINE), "dockerd"  # on its socket only
    options = {"privileged": True, "expose": 8080, "ready": ""}
    path = builder.shared / "swarm.json"
    with FileLock(builder.shared / "swarm.lock"):
        if not path.exists():
            postgres = official("postgres:18")
            with (
                running(postgres, **POSTGRES) as database,
                running(*dockerd, **options) as container,
            ):
                swarm = Swarm(container, images, database.ip_address)
                path.write_text(json.dumps(seen_in(swarm)))
    return json.loads(path.read_text())


def test_stack_starts_with_two_scripts(recorded):
    """Each script exits with code 0, the second one only once the service has converged."""
    assert recorded["init"][0] == 0, recorded["init"]
    assert recorded["migrated"][0] == 0, recorded["migrated"]
    assert recorded["first"][0] == 0, recorded["first"]


def test_update_loses_no_request(recorded):
    """Some requests wait, some write a row; a container stops only after a new one is healthy."""
    happened = recorded["events"][1].splitlines()
    steps = [step for step in happened if step in {"health_status: healthy", "die"}]

    assert recorded["update"][0] == 0
    assert running_images(recorded["updated"]) == [f"{WEB}:2"] * 2
    assert min(recorded["update asked"]) > 20
    assert recorded["update lost"] == 0
    assert sorted(steps) == ["die"] * 2 + ["health_status: healthy"] * 2
    for count in range(len(steps)):
        assert steps[:count].count("die") <= steps[:count].count("health_status: healthy")


def test_broken_image_is_rolled_back(recorded):
    """The first new task fails; the two old tasks keep running, and no request is lost."""
    assert recorded["state"] == [0, "rollback_completed\n"]
    assert f"{WEB}:3 Shutdown Failed" in str(recorded["rolled back"])
    assert running_images(recorded["rolled back"]) == [f"{WEB}:2"] * 2
    assert recorded["rollback lost"] == 0


def test_script_fails_after_a_rollback(recorded):
    """The script reaches its last line, because Docker's own command exits with code 0."""
    code, printed = recorded["broken"]

    assert code == 1
    assert printed.endswith(f"Swarm rolled back to {WEB}:2\n")


def test_change_of_nginx_loses_requests(recorded):
    """The new nginx cannot use the port until the old one is gone."""
    assert recorded["nginx"][0] == 0
    assert recorded["nginx lost"] > 0
    assert recorded["nginx answered"] > 0


def test_swarm_leaves_out_tmpfs_and_depends_on(recorded):
    """Swarm accepts a stack with both without a message, and creates a service with neither."""
    (code, printed), (_, made) = recorded["left out"]

    assert code == 0
    assert not re.search("ignor|tmpfs|depends", printed, re.IGNORECASE)
    assert not re.search("tmp|depends", json.dumps(json.loads(made)), re.IGNORECASE)


def test_drained_container_serves_on_after_sigterm(image, run):
    """The container responds for nearly 5 s, and then stops as without this file."""
    container = run(image)
    container.get("/health/")
    start = time.monotonic()
    container.kill("SIGTERM")

    statuses = []
    while time.monotonic() - start < 4.5:
        statuses.append(container.get("/health/live").status_code)
    assert set(statuses) == {200}
    assert container.exit_code == 0
    assert time.monotonic() - start > 5
    container.wait_for_log("Handling signal: term")


def test_second_sigterm_ends_the_draining(image, run):
    """With a draining time of a minute, the second signal ends it early."""
    command = f"sed -i 's/= 5$/= 60/' gunicorn.conf.py; exec {GUNICORN}"
    container = run(image, "sh", "-c", command, user="root")
    container.get("/health/")
    start = time.monotonic()
    container.kill("SIGTERM")

    assert container.get("/sleep/1/").text == "slept"
    container.kill("SIGTERM")
    assert container.exit_code == 0
    assert time.monotonic() - start < 60


def running_images(tasks):
    """Return the images of the tasks that Swarm wants running and that are running."""
    return [task.split()[0] for task in tasks if " Running Running " in task]


EVENTS = ["docker", "events", "--filter=type=container", "--format={{.Action}}"]
EVENTS += ["--filter=label=com.docker.swarm.service.name=site_web"]
MIGRATE = f"""
docker run --rm --env SECRET_KEY=made-up --env ALLOWED_HOSTS --env DATABASE_URL \\
    --volume /site/password:/password:ro --env POSTGRES_PASSWORD_FILE=/password \\
    {WEB}:1 python manage.py migrate
"""
STATE = "{{.UpdateStatus.State}}"
TASK = "{{.Image}} {{.DesiredState}} {{.CurrentState}}"
TAGS = f"""
set -e
container=$(docker create {WEB}:1)
echo "raise RuntimeError('broken')" > /urls.py
docker cp /urls.py $container:/app/core/urls.py
docker commit $container {WEB}:3
docker rm $container
docker tag {WEB}:1 {WEB}:2
docker tag {NGINX}:1 {NGINX}:2
"""
OTHER = f"""
services:
  other:
    image: {WEB}:1
    tmpfs: [/tmp]
    depends_on: [database]
    deploy: {{replicas: 0}}
  database:
    image: {WEB}:1
    deploy: {{replicas: 0}}
"""
LEFT_OUT = [
    f"echo '{OTHER}' | docker stack deploy --resolve-image never --compose-file - other 2>&1",
    "docker service inspect other_other --format '{{json .Spec.TaskTemplate}}'",
]
