"""The proofs of docs/updates.md."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from harness.container import wait_until
from harness.load import Load
from harness.texts import edited
from scenarios.production import HOST, POST, UPDATE, images

CONF = "/etc/nginx/conf.d/default.conf"
BY_SCRIPT, BY_UP = ({"core/release.py": f"NAME = '{name}'\n"} for name in ("script", "up"))
NEVER_READY = {"core/wsgi.py": "raise RuntimeError('this release is broken')\n"}
NEVER_HEALTHY = {"core/health.py": "def middleware(get_response):\n    return get_response\n"}
BROKEN_MIGRATION = {
    "core/migrations/0002_broken.py": """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL("SELECT broken")]
"""
}
START_FIRST = "services: {web: {deploy: {update_config: {order: start-first}}}}"
ONE_CONTAINER = "web must have exactly one container"


@pytest.fixture(scope="module")
def site(producing):
    """Return the site of docs/compose.md, for the tests in this file."""
    with producing() as site:
        yield site


@pytest.fixture
def production(site):
    """Run the site, with the release that the previous test left."""
    assert wait_until(lambda: answers(site)), site.service("nginx").logs()
    return site


def test_script_loses_no_request(production, build):
    """Slow requests delay the stop, while clients send others that no proxy may repeat.

    The release replaces nginx's file with another one, as `git pull` does.
    """
    before = production.service("web").handle.id
    production.release(images(build, BY_SCRIPT)["web"])
    replaced(production)

    with gets(production, "/sleep/0.5/", clients=3) as get, posts(production) as post:
        done = production.shell(UPDATE)

    assert done.returncode == 0, done.stdout
    assert production.service("web").handle.id != before
    assert production.service("web").exec("ls", "core/release.py")
    assert production.conf.read_text().strip() == production.service("nginx").exec("cat", CONF)
    statuses = get.answers.keys(), post.answers.keys()
    assert statuses == ({200}, {200}), production.service("nginx").logs()[-9000:]


@pytest.mark.docker_only("events in Docker's words")
def test_plain_up_loses_requests(production, build):
    """The old container stops before the new one starts, and before it migrates."""
    before, since = production.service("web"), time.time()
    production.release(images(build, BY_UP)["web"])

    with gets(production) as get:
        production.up()

    web, migrate = production.service("web"), production.service("migrate")
    steps = [(before, "die"), (migrate, "start"), (web, "start")]
    happened = events(production, since)
    assert web.handle.id != before.handle.id
    assert get.answers[502]
    assert sorted(steps, key=lambda step: happened.index((step[0].handle.id, step[1]))) == steps


@pytest.mark.docker_only("events in Docker's words")
def test_up_ignores_start_first(production, build, monkeypatch):
    """Compose reads the option, but the old container stops before the new one starts."""
    before, since = production.service("web"), time.time()
    (production.folder / "start-first.yaml").write_text(START_FIRST)
    command = [*production.command, "--file", "start-first.yaml"]
    monkeypatch.setattr(production, "command", command)
    production.release(images(build, BY_SCRIPT)["web"])

    production.up()

    web = production.service("web")
    steps = [(before.handle.id, "die"), (web.handle.id, "start")]
    assert "order: start-first" in production.read("config")
    assert [event for event in events(production, since) if event in steps] == steps


@pytest.mark.parametrize("changes", [NEVER_READY, BROKEN_MIGRATION], ids=["start", "migration"])
def test_broken_release_leaves_the_old_one(production, build, changes):
    """The script fails, the old container keeps serving, and nginx has its original file."""
    before = state(production)
    production.release(images(build, changes)["web"])

    with gets(production) as get:
        done = production.shell(UPDATE)

    assert done.returncode != 0
    assert state(production) == before
    assert get.answers.keys() == {200}


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_interrupted_script_leaves_the_old_one(production, build, number, code):
    """The signal reaches everything that runs in the terminal, while the new container starts."""
    before = state(production)
    production.release(images(build, NEVER_HEALTHY)["web"])

    with gets(production) as get:
        script = started(production)
        os.killpg(script.pid, number)
        said, _ = script.communicate()

    assert script.returncode == code, said
    assert state(production) == before
    assert get.answers.keys() == {200}


def test_next_run_repairs_what_a_killed_one_left(production, build):
    """A run is killed halfway; the next run loses no request, and leaves one container."""
    _, conf = state(production)
    production.release(images(build, NEVER_HEALTHY)["web"])
    script = started(production)
    os.killpg(script.pid, signal.SIGKILL)
    script.communicate()
    left = len(production.services("web"))
    production.release(images(build)["web"])

    with gets(production) as get:
        done = production.shell(UPDATE)

    assert left == 2
    assert done.returncode == 0, done.stdout
    assert len(production.services("web")) == 1
    assert production.conf.read_text() == conf
    assert get.answers.keys() == {200}


def test_second_run_ends_immediately(production, build):
    """Because of the script's lock, the second run reports it, and the first one continues."""
    production.release(images(build, NEVER_HEALTHY)["web"])
    script = started(production)

    second = production.shell(UPDATE)
    os.killpg(script.pid, signal.SIGTERM)
    script.communicate()

    assert second.returncode == 1
    assert second.stdout == f"{UPDATE} is running already\n"


def test_several_containers_stop_the_script(production, build):
    """The script says how many containers it needs, and changes nothing."""
    only = ["--wait", "--no-build", "--no-deps"]
    production.release(images(build)["web"])
    production.run("up", "--detach", *only, "--scale", "web=2", "web")
    try:
        before = {container.handle.id for container in production.services("web")}
        done = production.shell(UPDATE)
        after = {container.handle.id for container in production.services("web")}
    finally:
        production.run("up", "--detach", *only, "--scale", "web=1", "web")

    assert done.returncode == 1
    assert ONE_CONTAINER in done.stdout
    assert after == before


def answers(site):
    """Whether nginx returns a page."""
    return site.service("nginx").get("/health/", **HOST).is_success


def state(production):
    """Return the only container of `web`, and nginx's file."""
    return production.service("web").handle.id, production.conf.read_text()


def started(production):
    """Start the script, and return it once it waits for the second container of `web`.

    The script leads a process group, as a command in a terminal does, and hears its SIGHUP: a
    shell cannot trap a signal that the tests' parent ignores, as nohup makes it do.
    """
    hearing = f"env --default-signal=HUP {UPDATE}"
    script = production.shell(hearing, start=subprocess.Popen, start_new_session=True)
    assert any(re.search(r"-web-\d+ +Waiting", line) for line in script.stdout)
    return script


def events(production, since):
    """Return the containers' events in order, as their IDs and the engine's words."""
    docker = [*production.docker.client_config.docker_cmd, "events", "--format", "{{json .}}"]
    times = ["--since", f"{since:.3f}", "--until", f"{time.time():.3f}"]
    lines = subprocess.check_output([*docker, *times], text=True).splitlines()
    found = [json.loads(line) for line in lines]
    return [(event["id"], event["Action"]) for event in found if event.get("Type") == "container"]


def replaced(production):
    """Replace nginx's file with another file that has an extra line."""
    new = production.conf.with_suffix(".new")
    shutil.copy(production.conf, new)
    text = new.read_text()
    new.write_text(edited(text, {"upstream django {": "# another file\nupstream django {"}))
    new.replace(production.conf)


def gets(production, path="/health/", clients=2):
    """Request a page through nginx that needs only a worker."""
    return Load(f"{production.service('nginx').address}{path}", clients, pause=0.1, **HOST)


def posts(production):
    """Post rows through nginx, each of which a worker writes."""
    return Load(f"{production.service('nginx').address}/notes/", pause=0.1, **POST)
