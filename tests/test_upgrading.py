"""The proofs of docs/upgrading.md."""

import http.client
import re
import shutil
import time

import httpx
import pytest

from harness import PROBES, PROJECT, SNIPPETS
from scenarios.proxied import with_settings

EXEC_FORM = "signals/exec-form.Dockerfile"
OLD_CONF = "upgrading/wrong-before-27.gunicorn.conf.py"
HOST_NAME = "upgrading/wrong-host-name.web.env"
LISTEN = ["--bind", "0.0.0.0:8000"]
DEMO = ["gunicorn", "wsgiref.simple_server:demo_app", *LISTEN]
ASGI = ["gunicorn", "core.asgi", *LISTEN, "--worker-class", "asgi", "--no-control-socket"]
CHECK = [*DEMO, "--check-config"]
DYING = [(PROBES / "dying_app.py", "/app/dying_app.py", "ro")]
WAITING = [(PROBES / "waiting_app.py", "/app/waiting_app.py", "ro")]
ONE_IS_QUEUED = (PROBES / "one_is_queued.py").read_text()
SILENT_CLIENTS = (PROBES / "silent_clients.py").read_text()
HUNDRED_REQUESTS = (PROBES / "hundred_requests.py").read_text()
RELOAD = (PROBES / "reload_between_requests.py").read_text()
UMLAUT = """
from django.http import HttpResponse
urlpatterns = [path("\\xf6/", lambda request: HttpResponse("found"))]
"""
RESTARTS = ["--worker-class", "gthread", "--threads", "4", "--max-requests", "10"]
ORPHAN = "(sleep 1; exit 3) > /dev/null 2>&1 &"
PYTHON = "from importlib.metadata import metadata; print(metadata('gunicorn')['Requires-Python'])"


def test_check_config_refuses_an_unknown_option(build, run, replay):
    """The check exits with code 2 for an option that only 22.0 had, added to the image's CMD."""
    image = build(EXEC_FORM)
    replay("upgrading/check.console", web=image)
    gone = {"GUNICORN_CMD_ARGS": "--tolerate-dangerous-framing --check-config"}

    refused = run(image, env=gone, ready="unrecognized arguments: --tolerate-dangerous-framing")

    assert refused.exit_code == 2


def test_search_finds_what_the_check_overlooks(build, run, replay, tmp_path):
    """The search finds both lines in the file, but the check neither, and the start fails."""
    image = build(EXEC_FORM, files=[OLD_CONF])
    for source in EXEC_FORM, OLD_CONF, HOST_NAME:
        shutil.copy(SNIPPETS / source, tmp_path / source.partition(".")[2])
    shutil.copy(PROJECT / "requirements.txt", tmp_path)

    found = replay("upgrading/search.console", cwd=tmp_path)
    checked = run(image, env={"GUNICORN_CMD_ARGS": "--check-config"}, ready="")
    started = run(image, ready="class uri 'eventlet' invalid or not found")

    assert re.findall("(?m)^[^:]+", found) == ["gunicorn.conf.py", "gunicorn.conf.py", "web.env"]
    assert (checked.exit_code, checked.logs(), started.exit_code) == (0, "", 1)


def test_gunicorn_20_needs_pkg_resources(build, run):
    """Gunicorn exits with a traceback, and writes no log line."""
    missing = "ModuleNotFoundError: No module named 'pkg_resources'"
    container = run(gunicorn(build, "20.1.0"), *DEMO, ready=missing)

    assert container.exit_code == 1
    assert "Starting gunicorn" not in container.logs()


def test_gunicorn_27_requires_python_3_10(build, run):
    """The package metadata of 27 and of 23 shows the required Python version."""
    old, new = (run(image, "python", "-c", PYTHON, ready=">=") for image in both(build))

    assert (old.logs().strip(), new.logs().strip()) == (">=3.7", ">=3.10")


def test_host_name_in_forwarded_allow_ips_stops_gunicorn(build, run):
    """21.2 accepts the file, but the current version rejects it."""
    env_files = {"env_files": [SNIPPETS / HOST_NAME]}

    old = run(gunicorn(build, "21.2.0"), *CHECK, ready="", **env_files)
    new = run(build(EXEC_FORM), *CHECK, ready="'nginx' does not appear to be an IP", **env_files)

    assert (old.exit_code, new.exit_code) == (0, 1)


def test_no_default_has_changed_since_23(build, run):
    """Every setting of 23 still exists with the same value, except for the new name of off."""
    old, new = (settings(run(image, *DEMO, "--print-config", ready="")) for image in both(build))

    assert len(old) > 80
    assert {name: (old[name], new.get(name)) for name in old if old[name] != new.get(name)} == {
        "proxy_protocol": ("False", "off")
    }


def test_worker_ended_by_sigterm_is_no_error(build, run):
    """Gunicorn 23 logs the line as an error, the current version logs it as info."""
    command = ["gunicorn", "dying_app:app", *LISTEN]
    old, new = (run(image, *command, volumes=DYING) for image in both(build))

    for container in old, new:
        with pytest.raises(httpx.TransportError):
            container.get()

    assert "ERROR" in line(old, "was sent SIGTERM!")
    assert "INFO" in line(new, "was sent SIGTERM!")


def test_sigkill_follows_a_timeout_more_often(build, run):
    """Four workers in turn time out on silent clients: the current version kills all, 23 fewer.

    Gunicorn 23 also kills a worker that a busy machine keeps from exiting within a second.
    """
    containers = [run(image, *DEMO, "--timeout", "2") for image in both(build)]

    for container in containers:
        container.wait_for_log("Booting worker")
        container.background.submit(container.exec, "python", "-c", SILENT_CLIENTS)
    old, new = (container.wait_for_log("Booting worker", count=5) for container in containers)

    assert old.count("WORKER TIMEOUT") == new.count("WORKER TIMEOUT") == 4
    assert old.count("was sent SIGKILL") < new.count("was sent SIGKILL") == 4


def test_restarts_of_gthread_lose_no_request(build, run):
    """Of a hundred requests during ten restarts, 23 loses some, but the current version none."""
    old, new = (run(image, *DEMO, *RESTARTS) for image in both(build))

    lost = [int(container.exec("python", "-c", HUNDRED_REQUESTS)) for container in (old, new)]

    new.wait_for_log("Autorestarting worker")
    assert lost[0] > 0
    assert lost[1] == 0


def test_reloads_of_gthread_lose_no_request(build, run):
    """Eight clients send requests on persistent connections until the old worker closes them.

    Another client connects before HUP, but sends its first request after it. Gunicorn 23 loses
    requests of both kinds, the current version none.
    """
    containers = [run(image, *DEMO, "--threads", "4") for image in both(build)]

    for container in containers:
        container.get()
    lost = [container.exec("python", "-c", RELOAD).split() for container in containers]

    assert lost == [["new", "persistent"], []]


def test_reuse_port_loses_waiting_requests(build, run):
    """A request waits while the only worker handles its last one: 23 and no option spare it."""
    old, new = both(build)
    flags = ["gunicorn", "waiting_app:app", *LISTEN, "--max-requests", "1"]
    started = [(new, "--reuse-port"), (new, ""), (old, "--reuse-port")]
    containers = [run(i, *flags, *option.split(), volumes=WAITING) for i, option in started]

    answers = [c.exec("python", "-c", ONE_IS_QUEUED).splitlines() for c in containers]

    assert answers[0] == ["HTTP/1.1 200 OK", "ConnectionResetError"]
    assert answers[1:] == [["HTTP/1.1 200 OK"] * 2] * 2


def test_asgi_of_25_1_does_not_find_umlauts(build, run, tmp_path):
    """25.1 returns 404 for a path with a letter that is not ASCII; 26.0 and 27 return 200."""
    more = with_settings(tmp_path, urls=UMLAUT)
    images = gunicorn(build, "25.1.0"), gunicorn(build, "26.0.0"), build(EXEC_FORM)

    answers = [run(i, *ASGI, **more).get("/%C3%B6/") for i in images]

    assert [answer.status_code for answer in answers] == [404, 200, 200]


@pytest.mark.parametrize("version", ["25.2.0", "25.3.0"])
def test_asgi_of_25_2_fails_each_request(build, run, version):
    """The view, another view and a missing page return 500, and the log contains no error."""
    container = run(gunicorn(build, version), *ASGI, ready="ASGI server listening")

    answers = [container.get(path) for path in ("/health/", "/echo/", "/missing/")]

    assert [answer.status_code for answer in answers] == [500] * 3
    assert "ERROR" not in container.logs()


def test_asgi_closes_idle_connections_since_27(build, run):
    """The second request on a connection comes after 5 s, longer than the default keep-alive."""
    answers = []
    for image in gunicorn(build, "26.1.0"), build(EXEC_FORM):
        container = run(image, *ASGI, ready="ASGI server listening")
        client = http.client.HTTPConnection("127.0.0.1", container.ports[0], timeout=60)
        for wait in 5, 0:
            try:
                client.request("GET", "/health/")
                answers.append(client.getresponse().read())
            except (OSError, http.client.HTTPException):
                answers.append("closed")
            time.sleep(wait)
        client.close()

    assert answers == [b"ok", b"ok", b"ok", "closed"]


def test_orphan_does_not_stop_gunicorn(build, run):
    """Gunicorn as PID 1 inherits a process that is not a worker and that exits with code 3."""
    old, new = (run(image, *DEMO, "--log-level", "debug") for image in both(build))

    for container in old, new:
        container.wait_for_log("Booting worker")
        container.exec("sh", "-c", ORPHAN)

    assert "Reaped unknown child process" in new.wait_for_log("Reaped unknown child process")
    assert new.get().status_code == 200
    assert old.exit_code == 3


def gunicorn(build, version):
    """Return the image with another version."""
    return build(EXEC_FORM, requirements={"gunicorn": version})


def both(build):
    """Return the images with 23 and with the current version."""
    return gunicorn(build, "23.0.0"), build(EXEC_FORM)


def settings(container):
    """Return the output of --print-config."""
    assert container.exit_code == 0
    return dict(re.findall(r"(?m)^(\w+) += (.*)$", container.logs()))


def line(container, text):
    """Wait for a log line that contains the text, and return it."""
    return container.wait_for_log(text).splitlines()[-1]
