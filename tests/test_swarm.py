"""The proofs of docs/swarm.md: all of them but one look at what a single scenario recorded."""

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
SECRET = edited(CHANGES["core/settings.py"], {'SECRET_KEY = os.environ["SECRET_KEY"]': FROM_A_FILE})
CHANGES = {**CHANGES, "core/settings.py": SECRET}
STATIC = "static-files/nginx.Dockerfile.static"
CONF = ["proxy/nginx.default.conf"]
IMAGE = {"files": [*CHECK, DRAINS], "changes": CHANGES}
ENGINE = "docker:28.5-dind"
WEB, NGINX = "registry.example/web", "registry.example/web-static"
ENV = {"ALLOWED_HOSTS": "127.0.0.1", "DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
BOTH = ("GET", "POST")
GUNICORN = "gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket --threads 2"


class Swarm:
    """One node in an engine of its own, with the images of this run in place of a registry's."""

    def __init__(self, container, images) -> None:
        """Wait for the engine, give it the images under a registry's names, and the files."""
        self.container = container
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
        for file, name in (SCRIPTS | STACK).items():
            container.docker.copy(SNIPPETS / "swarm" / file, (container.handle, f"/site/{name}"))

    def run(self, *command):
        """Run a command in the folder of the site, and return its exit code and what it printed."""
        env = [f"--env={name}={value}" for name, value in ENV.items()]
        docker = self.container.docker.client_config.docker_cmd
        program = [*docker, "exec", "--workdir=/", *env, self.container.handle.id]
        done = subprocess.run(
            [*program, *command], check=False, capture_output=True, text=True, timeout=2 * PATIENCE
        )
        return done.returncode, done.stdout + done.stderr

    def deploy(self, web, nginx):
        """Run the script of the page with two tags."""
        return self.run("sh", "-c", f"cd /site; ./deploy.sh {WEB}:{web} {NGINX}:{nginx}")

    def tasks(self):
        """Return the image and the state of each task of the web service, the newest first."""
        return self.run("docker", "service", "ps", "site_web", "--format", TASK)[1].splitlines()

    @property
    def url(self):
        """Return where this machine reaches the published port."""
        port = self.container.handle.network_settings.ports["8080/tcp"][0]["HostPort"]
        return f"http://127.0.0.1:{port}/health/live"


def seen_in(swarm):
    """Deploy, update, deploy what is broken, and change nginx, and return what was seen."""
    seen = {"init": swarm.run("sh", "/site/init.sh"), "other tags": swarm.run("sh", "-c", TAGS)}
    seen["first"] = swarm.deploy(1, 1)
    with Load(swarm.url, methods=BOTH) as load:
        seen["update"], seen["updated"] = swarm.deploy(2, 1), swarm.tasks()
        load.wait()
        seen["update lost"], seen["update asked"] = load.lost, load.answers.total()
        seen["broken"], seen["rolled back"] = swarm.deploy(3, 1), swarm.tasks()
        seen["state"] = swarm.run("docker", "service", "inspect", "site_web", "--format", STATE)
    seen["rollback lost"] = load.lost - seen["update lost"]
    change = ["docker", "service", "update", "--detach", "--image", f"{NGINX}:2", "site_nginx"]
    with Load(swarm.url, methods=BOTH) as load:
        seen["nginx"] = swarm.run(*change)
        wait_until(lambda: load.lost)
    seen["nginx lost"], seen["nginx asked"] = load.lost, load.answers.total()
    seen["left out"] = [swarm.run("sh", "-c", command) for command in LEFT_OUT]
    return seen


@pytest.fixture(scope="module")
def image(build):
    """Build the image of the page: with a health check, the secret, and draining."""
    return build(CHECKED, **IMAGE)


@pytest.fixture(scope="module")
def recorded(builder, image, build, official, running):
    """Return what the scenario showed, in an engine of its own.

    One of the processes of the tests runs it for all: it costs more than all that looks at it.
    """
    images = {f"{WEB}:1": image, f"{NGINX}:1": build(STATIC, files=CONF)}
    dockerd = official(ENGINE), "dockerd"  # on its socket only
    options = {"privileged": True, "expose": 8080, "ready": ""}
    path = builder.shared / "swarm.json"
    with FileLock(builder.shared / "swarm.lock"):
        if not path.exists():
            with running(*dockerd, **options) as container:
                path.write_text(json.dumps(seen_in(Swarm(container, images))))
    return json.loads(path.read_text())


def test_stack_starts_with_two_scripts(recorded):
    """Each ends well, and the second waits until the service has converged."""
    assert recorded["init"][0] == 0
    assert recorded["first"][0] == 0


def test_update_loses_no_request(recorded):
    """Two clients read and write all the time; in the end, both tasks run the new image."""
    assert recorded["update"][0] == 0
    assert running_images(recorded["updated"]) == [f"{WEB}:2"] * 2
    assert recorded["update asked"] > 100
    assert recorded["update lost"] == 0


def test_broken_image_is_rolled_back(recorded):
    """Its first task fails; the two before it go on running, and no request is lost."""
    assert recorded["state"] == [0, "rollback_completed\n"]
    assert f"{WEB}:3 Shutdown Failed" in str(recorded["rolled back"])
    assert running_images(recorded["rolled back"]) == [f"{WEB}:2"] * 2
    assert recorded["rollback lost"] == 0


def test_script_fails_after_a_rollback(recorded):
    """It gets to its last line, because Docker's own command ends with 0."""
    code, printed = recorded["broken"]

    assert code == 1
    assert printed.endswith(f"Swarm went back to {WEB}:2\n")


def test_change_of_nginx_loses_requests(recorded):
    """The new one cannot take the port before the old one has gone."""
    assert recorded["nginx"][0] == 0
    assert 0 < recorded["nginx lost"] < recorded["nginx asked"]


def test_swarm_leaves_out_tmpfs_and_depends_on(recorded):
    """A stack with both is taken without a word, and what is made from it has neither."""
    (code, printed), (_, made) = recorded["left out"]

    assert code == 0
    assert not re.search("ignor|tmpfs|depends", printed, re.IGNORECASE)
    assert not re.search("tmp|depends", json.dumps(json.loads(made)), re.IGNORECASE)


def test_drained_container_serves_on_after_sigterm(image, run):
    """It answers most of the five seconds, then it ends as without this file."""
    container = run(image)
    container.get("/health/")
    start = time.monotonic()
    container.kill("SIGTERM")

    statuses = []
    while time.monotonic() - start < 3:
        statuses.append(container.get("/health/live").status_code)
    assert set(statuses) == {200}
    assert container.exit_code == 0
    assert "Handling signal: term" in container.logs()


def test_second_sigterm_ends_the_draining(image, run):
    """Of a minute, to be sure."""
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
    """Return the images of the tasks that Swarm wants to run, and that do."""
    return [task.split()[0] for task in tasks if " Running Running " in task]


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
