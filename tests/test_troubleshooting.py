"""The proofs of docs/troubleshooting.md."""

import pytest

IMAGE = "signals/exec-form.Dockerfile"
SERVE = "exec gunicorn core.wsgi --no-control-socket"
GTHREAD = {"GUNICORN_CMD_ARGS": "--threads 2 --timeout 1"}


def test_slow_request_logs_worker_timeout(build, run, replay):
    """A sync worker is killed in the middle of a request, which is answered with a 500."""
    container = run(build(IMAGE), env={"GUNICORN_CMD_ARGS": "--timeout 1"})
    response = container.get("/sleep/10/")
    container.wait_for_log("Booting worker", count=2)

    replay("troubleshooting/worker-timeout.console", web=container.handle.id)
    assert response.status_code == 500


def test_memory_limit_kills_workers_in_a_loop(build, run):
    """Nine workers do not fit: they are killed and started again, and the container is up."""
    limits = {"memory": "100m", "memory_swap": "100m"}
    container = run(build(IMAGE), env={"WEB_CONCURRENCY": "9"}, **limits)

    container.wait_for_log("was sent SIGKILL! Perhaps out of memory?", count=3)
    container.wait_for_log("Booting worker", count=12)

    assert container.running


def test_gunicorn_logs_its_own_kill_alike(build, run, replay):
    """There is no memory limit; the worker is stuck, and the line is the same."""
    container = run(build(IMAGE), env=GTHREAD)
    container.start_get("/hold-gil/32/")
    container.wait_for_log("Booting worker", count=2)

    replay("troubleshooting/killed-by-gunicorn.console", web=container.handle.id)


@pytest.mark.parametrize(
    ("module", "transcript", "exit_code"),
    [
        ("nosuch.wsgi", "no-module", 3),
        ("core.wsgi:app", "no-attribute", 4),
        ("core/wsgi.py", "path", 3),
    ],
)
def test_wrong_module_name_ends_gunicorn(build, run, replay, module, transcript, exit_code):
    """The last lines tell which of the names is wrong."""
    container = run(build(IMAGE), "gunicorn", module, "--no-control-socket", ready="")

    assert container.exit_code == exit_code
    replay(f"troubleshooting/{transcript}.console", web=container.handle.id)


def test_missing_variable_ends_gunicorn(build, run, replay):
    """The settings read SECRET_KEY, and nobody has set it."""
    container = run(build(IMAGE), "sh", "-c", f"unset SECRET_KEY; {SERVE}", ready="")

    assert container.exit_code == 3
    replay("troubleshooting/no-variable.console", web=container.handle.id)


def test_unknown_host_is_refused(build, run, replay):
    """Django answers 400 to a name that is not in ALLOWED_HOSTS, and says so in its log."""
    container = run(build(IMAGE), env={"ALLOWED_HOSTS": "127.0.0.1"})
    response = container.get("/echo/", headers={"Host": "shop.example"})

    replay("troubleshooting/host.console", web=container.handle.id)
    assert response.status_code == 400


def test_port_in_use_ends_gunicorn(build, run):
    """Gunicorn tries the address five times before it gives up."""
    command = "gunicorn core.wsgi & sleep 3; exec gunicorn core.wsgi"
    container = run(build(IMAGE), "sh", "-c", command, ready="Can't connect to")

    assert container.exit_code == 1
    assert container.logs().count("Connection in use: ('127.0.0.1', 8000)") == 5
