"""The proofs of docs/reload.md."""

import re
import shlex
import subprocess

import httpx
import pytest

from harness import PROJECT, SNIPPETS
from harness.container import wait_until
from scenarios.health_checks import CHANGES as HEALTH_CHECKS
from scenarios.worker_classes import ASGI, GEVENT_CLASS, with_gevent

EXEC_FORM = "signals/exec-form.Dockerfile"
BOOTING, EXITING = "Booting worker", "Worker exiting"
BROKEN = "raise RuntimeError('broken')\n"
OTHER_HOST = (PROJECT / "core/settings.py").read_text() + "\nALLOWED_HOSTS = ['shop.example']\n"
OTHER_URLS = """
from core import views
from django.urls import path
urlpatterns = [path("new/", views.health)]
"""
CLASSES = pytest.mark.parametrize("flags", ["--threads 1", "--threads 4"], ids=["sync", "gthread"])
FOUR_CLIENTS = """
import http.client, pathlib, threading, time
statuses = []
def ask():
    while len(statuses) < 600 or not pathlib.Path("/tmp/enough").exists():
        try:
            connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=60)
            connection.request("GET", "/sleep/0.01/", headers={"Connection": "close"})
            statuses.append(connection.getresponse().status)
        except OSError as error:
            statuses.append(repr(error))
        connection.close()
        time.sleep(0.01)
threads = [threading.Thread(target=ask) for _ in range(4)]
[thread.start() for thread in threads]
while len(statuses) < 20:
    time.sleep(0.1)
pathlib.Path("/tmp/begun").touch()
[thread.join() for thread in threads]
print(len(statuses), *sorted({str(status) for status in statuses}))
"""


def test_hup_replaces_the_workers(build, run):
    """The page's script succeeds; then another worker responds, a child of the same master."""
    container = run(build(EXEC_FORM))
    before = container.get("/whoami/").json()

    reloaded = check_and_reload(container)
    container.wait_for_log(EXITING)
    after = container.get("/whoami/").json()

    assert reloaded.returncode == 0
    assert after["pid"] != before["pid"]
    assert after["ppid"] == before["ppid"] == 1


@pytest.mark.parametrize("file", ["wsgi.py", "urls.py"])
def test_check_stops_a_broken_reload(build, run, file):
    """The page's script fails before it sends the signal, and the same worker keeps serving."""
    container = run(build(EXEC_FORM))
    before = container.get("/whoami/").json()["pid"]
    write(container, f"/app/core/{file}", BROKEN)

    reloaded = check_and_reload(container)

    assert reloaded.returncode != 0
    assert "broken" in reloaded.stderr
    assert "Handling signal: hup" not in container.logs()
    assert container.get("/whoami/").json()["pid"] == before


def test_old_worker_finishes_its_request(build, run, replay):
    """Until the old worker is done, a new worker serves other requests; the log shows the order."""
    container = run(build(EXEC_FORM))
    response = container.start_sleep(12)

    container.kill("SIGHUP")

    assert container.get("/health/").text == "ok"
    assert not response.done()
    assert response.result().text == "slept"
    container.wait_for_log(EXITING)
    replay("reload/hup.console", web=container.handle.id)


@CLASSES
def test_graceful_timeout_does_not_cut_a_reload(build, run, flags):
    """A request of 12 s completes with a graceful timeout of 1 s."""
    env = {"GUNICORN_CMD_ARGS": f"{flags} --graceful-timeout 1"}
    container = run(build(EXEC_FORM), env=env)
    response = container.start_sleep(12)

    container.kill("SIGHUP")

    container.wait_for_log(BOOTING, count=2)
    assert response.result().text == "slept"


@pytest.mark.parametrize("command", [ASGI, GEVENT_CLASS], ids=["asgi", "gevent"])
def test_graceful_timeout_cuts_a_reload_on_asgi_and_gevent(build, run, command):
    """A request of 30 s is cut with a graceful timeout of 1 s; the server keeps running."""
    image = build(EXEC_FORM, changes=with_gevent("gunicorn[gevent]"))
    container = run(image, *command, "--graceful-timeout", "1")
    response = container.start_sleep(30)

    container.kill("SIGHUP")

    with pytest.raises(httpx.TransportError):
        response.result()
    assert container.get("/health/").text == "ok"


@CLASSES
def test_reload_loses_no_request(build, run, flags):
    """Four clients send 600 requests or more while all workers are replaced three times."""
    container = run(build(EXEC_FORM), env={"GUNICORN_CMD_ARGS": flags})
    container.get("/health/")
    answers = container.background.submit(container.exec, "python", "-c", FOUR_CLIENTS)
    container.exec("sh", "-c", "until test -e /tmp/begun; do sleep 0.1; done")

    for _ in range(3):
        hup(container)
        container.get("/health/")
    container.exec("touch", "/tmp/enough")

    number, *statuses = answers.result().split(maxsplit=1)
    assert int(number) >= 600
    assert statuses == ["200"]


@pytest.mark.parametrize(("workers", "codes"), [("1", {3}), ("2", {1, 3})])
def test_broken_wsgi_py_ends_the_server(build, run, workers, codes):
    """The new workers fail to boot: with one worker the exit code is 3, with two it is 3 or 1."""
    container = run(build(EXEC_FORM), env={"WEB_CONCURRENCY": workers})
    container.wait_for_log(BOOTING, count=int(workers))
    container.get("/health/")
    write(container, "/app/core/wsgi.py", BROKEN)

    container.kill("SIGHUP")

    assert container.exit_code in codes
    container.wait_for_log("Worker failed to boot")


def test_broken_urls_py_fails_each_request(build, run):
    """The server keeps running, but returns 500 for every request."""
    container = run(build(EXEC_FORM))
    before = container.get("/health/").status_code
    write(container, "/app/core/urls.py", BROKEN)

    hup(container)

    assert before == 200
    assert [container.get("/health/").status_code for _ in range(3)] == [500] * 3


def test_broken_urls_py_ends_a_server_with_health_checks(build, run):
    """The page's health middleware is installed, so the new worker fails to boot."""
    container = run(build(EXEC_FORM, changes=HEALTH_CHECKS))
    before = container.get("/health/live").status_code
    write(container, "/app/core/urls.py", BROKEN)

    container.kill("SIGHUP")

    assert before == 200
    assert container.exit_code == 3
    container.wait_for_log("Worker failed to boot")


def test_broken_configuration_ends_the_server(build, run):
    """The master cannot parse its configuration file."""
    container = run(build(EXEC_FORM))
    container.get("/health/")
    write(container, "/app/gunicorn.conf.py", "workers = = 3\n")

    container.kill("SIGHUP")

    assert container.exit_code == 1
    container.wait_for_log("SyntaxError")


def test_hup_reads_the_configuration_again(build, run):
    """A new file sets three workers instead of one."""
    container = run(build(EXEC_FORM))
    container.get("/health/")
    write(container, "/app/gunicorn.conf.py", "workers = 3\n")

    hup(container)

    container.wait_for_log(BOOTING, count=4)
    wait_for_workers(container, 3)


def test_hup_does_not_read_the_environment_again(build, run, tmp_path):
    """The --env-file now sets three workers, but one worker replaces the other."""
    file = tmp_path / "web.env"
    file.write_text("WEB_CONCURRENCY=1\n")
    container = run(build(EXEC_FORM), env_files=[file])
    container.get("/health/")
    file.write_text("WEB_CONCURRENCY=3\n")

    hup(container)

    wait_for_workers(container, 1)
    assert container.wait_for_log(BOOTING, count=2).count(BOOTING) == 2


@pytest.mark.parametrize(("version", "debug"), [("26.0.0", False), ("26.1.0", True)])
def test_hup_reads_the_log_level_again_since_26_1(build, run, version, debug):
    """The file sets the level to debug, and only the newer version then logs debug lines."""
    container = run(build(EXEC_FORM, requirements={"gunicorn": version}))
    container.get("/health/")
    write(container, "/app/gunicorn.conf.py", "loglevel = 'debug'\n")

    hup(container)
    container.get("/health/")

    assert ("[DEBUG]" in container.logs()) is debug


@pytest.mark.parametrize(("flags", "status"), [("--preload", 200), ("", 400)])
def test_preload_keeps_the_old_settings(build, run, flags, status):
    """New settings reject the client's host; with --preload only the new urls.py is read."""
    container = run(build(EXEC_FORM), env={"GUNICORN_CMD_ARGS": flags})
    container.get("/health/")
    write(container, "/app/core/settings.py", OTHER_HOST)
    write(container, "/app/core/urls.py", OTHER_URLS)

    hup(container)

    assert container.get("/new/").status_code == status


def test_preload_keeps_urls_that_the_start_imports(build, run):
    """The page's health middleware is installed: the new urls.py has a page, the workers do not."""
    preload = {"GUNICORN_CMD_ARGS": "--preload"}
    container = run(build(EXEC_FORM, changes=HEALTH_CHECKS), env=preload)
    container.get("/health/live")
    write(container, "/app/core/urls.py", OTHER_URLS)

    hup(container)

    assert container.get("/new/").status_code == 404
    assert container.get("/whoami/").status_code == 200


def test_ttin_adds_a_worker(build, run):
    """After the signal, two workers run instead of one."""
    container = run(build(EXEC_FORM))
    container.get("/health/")

    container.kill("SIGTTIN")

    container.wait_for_log(BOOTING, count=2)
    assert container.get("/sleep/1/").text == "slept"
    assert EXITING not in container.logs()
    wait_for_workers(container, 2)


def test_ttou_takes_a_worker_but_not_the_last(build, run):
    """The first signal removes one of two workers; the second signal removes none."""
    container = run(build(EXEC_FORM), env={"WEB_CONCURRENCY": "2"})
    container.wait_for_log(BOOTING, count=2)
    container.kill("SIGTTOU")
    container.wait_for_log(EXITING)
    wait_for_workers(container, 1)

    container.kill("SIGTTOU")
    container.wait_for_log("Handling signal: ttou", count=2)

    assert container.get("/sleep/1/").text == "slept"
    assert container.logs().count(EXITING) == 1


def test_hup_forgets_ttin(build, run):
    """One of two workers was added by a signal; after HUP, one remains."""
    container = run(build(EXEC_FORM))
    container.get("/health/")
    container.kill("SIGTTIN")
    container.wait_for_log(BOOTING, count=2)
    wait_for_workers(container, 2)

    container.kill("SIGHUP")

    container.wait_for_log(EXITING, count=2)
    wait_for_workers(container, 1)


@pytest.mark.parametrize("signal", ["usr1", "winch"])
def test_worker_outlives_usr1_and_winch(build, run, signal):
    """The log shows the signal, and the same process serves requests as before."""
    container = run(build(EXEC_FORM))
    before = container.get("/whoami/").json()["pid"]

    container.kill(f"SIG{signal.upper()}")
    container.wait_for_log(f"Handling signal: {signal}")

    assert container.get("/sleep/1/").text == "slept"
    assert container.get("/whoami/").json()["pid"] == before


def test_master_of_usr2_ends_with_the_container(build, run):
    """A second master has booted its worker; when the first one stops, no process is left."""
    container = run(build(EXEC_FORM))
    container.get("/health/")
    container.kill("SIGUSR2")
    container.wait_for_log("Listening at", count=2)
    container.wait_for_log(BOOTING, count=2)

    container.kill("SIGTERM")

    assert container.exit_code == 0
    assert "Master has been promoted" not in container.logs()
    with pytest.raises(httpx.TransportError):
        container.get("/health/")


def test_shell_form_keeps_sighup(build, run):
    """PID 1 is the shell, and the same worker serves requests as before."""
    container = run(build("signals/wrong-shell-form.Dockerfile"))
    before = container.get("/whoami/").json()["pid"]

    container.kill("SIGHUP")

    assert container.get("/sleep/2/").text == "slept"
    assert container.get("/whoami/").json()["pid"] == before
    assert "Handling signal" not in container.logs()


def check_and_reload(container):
    """Run the page's script, with this container's name instead of the reader's."""
    script = (SNIPPETS / "reload/check-first.reload.sh").read_text()
    docker = shlex.join(map(str, container.docker.client_config.docker_cmd))
    script = re.sub(r"\bweb\b", container.handle.id, re.sub(r"\bdocker\b", docker, script))
    return subprocess.run(["sh", "-c", script], check=False, capture_output=True, text=True)


def write(container, path, text):
    """Change a file while the server runs, as in a mounted directory."""
    write = ["sh", "-c", 'printf %s "$1" > "$0"', path, text]
    container.handle.execute(write, user="0")


def hup(container):
    """Reload, and wait until a worker has exited."""
    gone = container.logs().count(EXITING)
    container.kill("SIGHUP")
    container.wait_for_log(EXITING, count=gone + 1)


def wait_for_workers(container, number):
    """Wait for this many processes besides the master: a worker logs its exit before it exits."""
    assert wait_until(lambda: len(container.top()) == number + 1), container.top()
