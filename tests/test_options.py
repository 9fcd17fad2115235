"""The proofs of docs/options.md."""

import re
import time

import httpx
import pytest

from harness import PROJECT
from scenarios.stalling_disk import STALL, TIMEOUT, on_stalling_disk

IMAGE = "signals/exec-form.Dockerfile"  # the shortest that works; these tests add options
SERVE = ("gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000")


def test_default_bind_is_not_reachable(build, run_once):
    """The server listens inside; clients outside can reach it only with --bind."""
    unbound, bound = run_once(build(IMAGE), *SERVE[:2]), run_once(build(IMAGE), *SERVE)

    unbound.wait_for_log("Listening at: http://127.0.0.1:8000")
    with pytest.raises(httpx.TransportError):
        unbound.get("/health/")
    assert bound.get("/health/").status_code == 200


def test_port_variable_changes_the_default_bind(build, run):
    """Without --bind, Gunicorn listens on PORT; with --bind, it ignores the variable."""
    port = {"PORT": "8000"}
    unbound = run(build(IMAGE), *SERVE[:2], env=port)
    bound = run(build(IMAGE), *SERVE[:3], "0.0.0.0:8001", env=port)

    unbound.wait_for_log("Listening at: http://0.0.0.0:8000")
    bound.wait_for_log("Listening at: http://0.0.0.0:8001")


def test_read_only_root_needs_a_worker_tmp_dir(build, run):
    """Without the option, Gunicorn exits at startup; with it, the same container serves."""
    locked = {"read_only": True, "tmpfs": ["/tmp:ro", "/var/tmp:ro"]}  # Podman's are writable
    without = run(build(IMAGE), ready="No usable temporary directory", **locked)
    arguments = {"GUNICORN_CMD_ARGS": "--worker-tmp-dir /dev/shm"}
    given = run(build(IMAGE), env=arguments, **locked)

    assert without.exit_code == 255
    assert given.get("/health/").text == "ok"


def test_dev_shm_is_memory(build, run_once):
    """/dev/shm is a tmpfs, but /tmp is not."""
    container = run_once(build(IMAGE))

    kinds = container.exec("stat", "--file-system", "--format=%T", "/dev/shm", "/tmp").split()
    assert kinds[0] == "tmpfs"
    assert kinds[1] != "tmpfs"


@pytest.mark.parametrize("module", ["", "setproctitle==1.3.7"])
def test_name_shows_with_setproctitle_alone(build, run, module):
    """With the package, `docker top` shows the name; without it, it does not."""
    requirements = (PROJECT / "requirements.txt").read_text()
    image = build(IMAGE, changes={"requirements.txt": f"{requirements}{module}\n"})
    container = run(image, *SERVE, "--name", "shop")
    container.wait_for_log("Booting worker")

    named = [line for line in container.top() if line.startswith("gunicorn: master [shop]")]
    assert len(named) == bool(module)


def test_access_log_is_off_unless_asked_for(build, run):
    """The same request is logged with the option, but not without it."""
    silent, logging = run(build(IMAGE)), run(build(IMAGE), *SERVE, "--access-logfile", "-")
    for container in silent, logging:
        container.get("/health/")
        container.stop()

    assert "GET /health/" not in silent.logs()
    logging.wait_for_log("GET /health/")


def test_prints_wait_unless_unbuffered(build, run):
    """A line that Python code prints at import is not in the log while the container runs."""
    image = build(IMAGE, changes={"core/wsgi.py": PRINTING})
    buffered, unbuffered = run(image), run(image, env={"PYTHONUNBUFFERED": "1"})
    for container in buffered, unbuffered:
        assert container.get("/health/").status_code == 200

    assert "wsgi is loaded" not in buffered.logs()
    unbuffered.wait_for_log("wsgi is loaded")


def test_empty_bind_is_reachable(build, run):
    """Gunicorn listens on all addresses, so the published port reaches it."""
    container = run(build(IMAGE), *SERVE[:3], "")

    container.wait_for_log("Listening at: http://0.0.0.0:8000")
    assert container.get("/health/").text == "ok"


def test_ipv6_bind_takes_ipv4_too(build, run):
    """With [::], a container accepts both; with two options, the second address is in use."""
    ipv6 = run(build(IMAGE), *SERVE[:3], "[::]:8000", env={"ALLOWED_HOSTS": "127.0.0.1,[::1]"})
    both = run(build(IMAGE), *SERVE, "--bind", "[::]:8000", ready="Can't connect to")

    asked = [ipv6.exec("python", "-c", ASK, host) for host in ("127.0.0.1", "[::1]")]
    assert asked == ["ok", "ok"]
    both.wait_for_log("Connection in use: ('::', 8000)")
    assert both.exit_code == 1


def test_port_80_needs_no_root_where_the_sysctl_allows(build, run):
    """The image's user is non-root; the same command runs with two values of the sysctl."""
    start = "net.ipv4.ip_unprivileged_port_start"
    bind = [*SERVE[:3], "0.0.0.0:80"]
    allowed = run(build(IMAGE), *bind, sysctl={start: "0"})
    refused = run(build(IMAGE), *bind, sysctl={start: "1024"}, ready="Can't connect to")

    allowed.wait_for_log("Listening at: http://0.0.0.0:80 ")
    refused.wait_for_log("('0.0.0.0', 80) failed: [Errno 13] Permission denied")
    assert refused.exit_code == 1


@pytest.mark.parametrize("threads", ["1", "2"])
def test_stalled_disk_kills_idle_workers(build, run, threads):
    """The disk under /tmp stalls while sync and gthread workers are idle."""
    container = on_stalling_disk(build, run, "--threads", threads)

    container.exec("sh", "-c", STALL)

    log = container.wait_for_log("was sent SIGKILL!")
    assert "WORKER TIMEOUT" in log


def test_dev_shm_outlasts_a_stalled_disk(build, run):
    """The disk stalls for twice the timeout, and the worker still responds."""
    container = on_stalling_disk(build, run, "--worker-tmp-dir", "/dev/shm")

    container.exec("sh", "-c", STALL)
    time.sleep(2 * int(TIMEOUT))

    assert container.get("/health/").text == "ok"
    assert "WORKER TIMEOUT" not in container.logs()


def test_missing_worker_tmp_dir_stops_gunicorn(build, run):
    """Gunicorn does not create the directory, and the error says so."""
    line = "/nosuch doesn't exist. Can't create workertmp."
    container = run(build(IMAGE), *SERVE, "--worker-tmp-dir", "/nosuch", ready=line)

    assert container.exit_code == 255


def test_format_shows_the_client_and_the_duration(build, run):
    """A request that takes a second is logged with X-Forwarded-For's address and its duration."""
    container = run(build(IMAGE, files=["options/client-and-duration.gunicorn.conf.py"]))
    container.get("/sleep/1/", headers={"X-Forwarded-For": "203.0.113.9"})

    line = container.wait_for_log("GET /sleep/1/").splitlines()[-1]
    found = re.fullmatch(r'203\.0\.113\.9 (\S+) "GET /sleep/1/ HTTP/1.1" 200 5 (\d+)ms', line)
    assert found
    assert 1000 <= int(found[2]) < 10000


def test_unknown_key_of_the_format_logs_a_dash(build, run):
    """A misspelled key does not stop Gunicorn, and no error is logged."""
    logging = ["--access-logfile", "-", "--access-logformat", "%(status)s beside %(s)s"]
    container = run(build(IMAGE), *SERVE, "--no-control-socket", *logging)
    container.get("/health/")

    assert "\n- beside 200\n" in container.wait_for_log("beside 200\n")
    assert "[ERROR]" not in container.logs()


def test_exception_leaves_no_traceback_without_logging(build, run, run_once):
    """The same view raises an exception, with the project's settings and without LOGGING."""
    given, without = run_once(build(IMAGE)), run(build(IMAGE), "sh", "-c", WITHOUT_LOGGING)
    codes = [container.get("/fail/").status_code for container in (given, without)]

    assert codes == [500, 500]
    given.wait_for_log("RuntimeError: probe failed")
    without.stop()
    assert "probe failed" not in without.logs()


def test_check_config_imports_the_project(build, run):
    """The check fails if the settings need a missing variable; otherwise it prints nothing."""
    check = ["gunicorn", "core.wsgi", "--check-config"]
    fine = run(build(IMAGE), *check, ready="")
    failing = run(build(IMAGE), "env", "-u", "SECRET_KEY", *check, ready="KeyError: 'SECRET_KEY'")

    assert (fine.exit_code, fine.logs()) == (0, "")
    assert failing.exit_code == 1


def test_check_config_overlooks_what_start_does_not(build, run):
    """Both options pass the check, but each of them stops Gunicorn at startup."""
    wrong = ["--worker-class=gthreads", "--worker-tmp-dir=/nosuch"]
    checked = run(build(IMAGE), *SERVE, *wrong, "--check-config", ready="")
    started = [run(build(IMAGE), *SERVE, option, ready="") for option in wrong]

    assert checked.exit_code == 0
    assert all(container.exit_code for container in started)


ASK = """
import sys, urllib.request
print(urllib.request.urlopen(f"http://{sys.argv[1]}:8000/health/").read().decode())
"""
WITHOUT_LOGGING = """
echo "from core.settings import *; del LOGGING" > /tmp/plain.py
export PYTHONPATH=/tmp DJANGO_SETTINGS_MODULE=plain
exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket
"""
PRINTING = """
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
application = get_wsgi_application()
print("wsgi is loaded")
"""
