"""The proofs of docs/runserver.md."""

import os
import shutil
import time

import httpx
import pytest

from harness import PROJECT, SNIPPETS
from harness.container import wait_until
from harness.texts import edited
from scenarios.development import (
    EXEC_FORM,
    GUNICORN,
    LOCAL,
    READY,
    RUNSERVER,
    TEMPLATE,
    VIEWS,
    change_inside,
    text,
)

APP = "dockerfile/app.Dockerfile"
DEVELOPMENT = "runserver/development.compose.yaml"
TEMPLATES = SNIPPETS / "runserver/with-templates.reload.conf.py"
DEBUG = LOCAL | {"DEBUG": "1"}
OUT_OF_REACH = LOCAL | {"DATABASE_URL": "postgres://someone@127.0.0.1:1/none"}
STYLESHEET = "/static/core/site.css"
ASK_INSIDE = """
from urllib.request import urlopen
print(urlopen("http://127.0.0.1:8000/health/").status)
"""


def test_runserver_warns_at_its_start(build, run_once, replay):
    """The warning says that runserver is not for production, and recommends another server."""
    container = run_once(build(EXEC_FORM), *RUNSERVER, env=DEBUG, ready=READY)

    printed = replay("runserver/warning.console", web=container.handle.id)

    assert "Do not use it in a production setting" in printed


def test_runserver_answers_requests_side_by_side(build, run_once):
    """Four requests of three seconds take twelve with --nothreading, but far less without it."""
    threaded = run_once(build(EXEC_FORM), *RUNSERVER, env=DEBUG, ready=READY)
    alone = run_once(build(EXEC_FORM), *RUNSERVER, "--nothreading", env=LOCAL, ready=READY)

    seconds = seconds_for_four(alone)
    assert seconds >= 12
    assert seconds_for_four(threaded) < seconds / 2


def test_runserver_serves_static_files_with_debug_alone(build, run_once):
    """Without DEBUG, runserver needs --insecure; Gunicorn serves none, not even with DEBUG."""
    image = build(EXEC_FORM)
    with_debug = run_once(image, *RUNSERVER, env=DEBUG, ready=READY)
    without = run_once(image, *RUNSERVER, "--nothreading", env=LOCAL, ready=READY)
    insecure = run_once(image, *RUNSERVER, "--insecure", env=LOCAL, ready=READY)
    gunicorn = run_once(image, *GUNICORN, "--reload", env=DEBUG)

    containers = [with_debug, without, insecure, gunicorn]
    answers = [container.get(STYLESHEET).status_code for container in containers]
    assert answers == [200, 404, 200, 404]


def test_runserver_loses_its_requests_at_a_stop(build, run):
    """A request of 20 s gets no response, although the exit code is 0."""
    container = run(build(EXEC_FORM), *RUNSERVER, env=LOCAL, ready=READY)
    response = start_sleep(container)

    stopped = container.stop()

    assert stopped.exit_code == 0
    with pytest.raises(httpx.TransportError):
        response.result()


def test_runserver_without_its_reloader_ignores_sigterm(build, run):
    """As PID 1, runserver keeps running until Docker's grace period, here 3 s, has passed."""
    container = run(build(EXEC_FORM), *RUNSERVER, "--noreload", env=LOCAL, ready=READY)

    stopped = container.stop(grace=3)

    assert stopped.exit_code == 137
    assert stopped.seconds >= 3


def test_crash_of_a_view_ends_runserver(build, run):
    """A view exits its process, and the container exits with that view's exit code."""
    container = run(build(EXEC_FORM), *RUNSERVER, env=LOCAL, ready=READY)

    with pytest.raises(httpx.TransportError):
        container.get("/exit/7/")

    assert container.exit_code == 7


def test_runserver_without_an_address_is_out_of_reach(build, run):
    """The server responds inside the container, but not on the published port."""
    container = run(build(EXEC_FORM), *RUNSERVER[:3], env=LOCAL, ready=READY)

    assert container.exec("python", "-c", ASK_INSIDE) == "200"
    with pytest.raises(httpx.TransportError):
        container.get("/health/")


def test_runserver_needs_its_database_at_the_start(build, run):
    """Without a database, runserver keeps running but serves nothing; Gunicorn serves a page."""
    runserver = run(build(EXEC_FORM), *RUNSERVER, env=OUT_OF_REACH, ready="OperationalError")
    gunicorn = run(build(EXEC_FORM), env=OUT_OF_REACH)

    assert gunicorn.get("/health/").text == "ok"
    with pytest.raises(httpx.TransportError):
        runserver.get("/health/")
    assert runserver.running


def test_development_file_shows_each_change(build, stack, docker):
    """A view and a template change in the directory, and the pages change without a restart."""
    started = stack(DEVELOPMENT, services={"web": {"image": build(APP)}}, env=ids(docker))
    shutil.copytree(PROJECT, started.folder, dirs_exist_ok=True)
    started.up()
    web = started.service("web")
    web.wait_for_log(READY)
    before = web.get("/").text

    edit(started.folder / TEMPLATE, "</h1>", "</h1>new template")
    assert "new template" not in before
    assert wait_until(lambda: "new template" in text(web, "/"))

    edit(started.folder / VIEWS, '"ok"', '"new view"')
    assert wait_until(lambda: text(web, "/health/") == "new view")


def test_reload_of_gunicorn_follows_code_and_no_template(build, run_once):
    """Seconds after the template changes, the old page is still served, until a view changes."""
    container = run_once(build(EXEC_FORM), *GUNICORN, "--reload", env=DEBUG)
    container.get("/")
    change_inside(container, TEMPLATE, "</h1>", "</h1>new template")

    container.get("/sleep/4/")
    assert "new template" not in container.get("/").text

    change_inside(container, VIEWS, '"ok"', '"new view"')
    assert wait_until(lambda: text(container, "/health/") == "new view")
    assert "new template" in container.get("/").text


def test_listed_templates_are_followed_too(build, run):
    """With the page's file, the new template appears without a change to the code."""
    volume = (TEMPLATES, "/app/reload.conf.py", "ro")
    command = [*GUNICORN, "--config", "reload.conf.py"]
    container = run(build(EXEC_FORM), *command, env=DEBUG, volumes=[volume])
    container.get("/")

    change_inside(container, TEMPLATE, "</h1>", "</h1>new template")

    assert wait_until(lambda: "new template" in text(container, "/"))


def seconds_for_four(container):
    """Return how long four concurrent requests of three seconds take."""
    start = time.monotonic()
    responses = [container.start_get("/sleep/3/") for _ in range(4)]
    assert {response.result().text for response in responses} == {"slept"}
    return time.monotonic() - start


def start_sleep(container):
    """Send a request of 20 s, and return once it is certainly in progress."""
    container.get("/health/")
    response = container.start_get("/sleep/20/")
    container.get("/sleep/1/")
    assert not response.done()
    return response


def ids(docker):
    """Return the reader's user and group for Compose; in rootless Podman, root is the reader."""
    podman = docker.client_config.client_type == "podman"
    return {"UID": str(0 if podman else os.getuid()), "GID": str(0 if podman else os.getgid())}


def edit(path, old, new):
    """Change a file as an editor does."""
    path.write_text(edited(path.read_text(), {old: new}))
