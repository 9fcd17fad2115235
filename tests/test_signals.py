"""The proofs of docs/signals.md."""

import httpx
import pytest

from harness import PROBES, SNIPPETS
from scenarios.init_programs import BASH, EXEC_FORM, GROUP, LINE, SH, WITH_DUMB_INIT

CLASSES = pytest.mark.parametrize("flags", ["--threads 1", "--threads 4"], ids=["sync", "gthread"])
LATE_CLIENT = """
import socket
late = socket.create_connection(("127.0.0.1", 8000))
late.sendall(b"GET /health/ HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n")
late.settimeout(1)
try:
    print(late.recv(100))
except TimeoutError:
    print("connected, no answer")
"""
FIVE_WAIT = (PROBES / "waiting_at_sigterm.py").read_text()
WAITING = (PROBES / "waiting_app.py", "/app/waiting_app.py", "ro")
WAITING_APP = ["gunicorn", "waiting_app:app", "--bind", "0.0.0.0:8000"]
DRAINING = (SNIPPETS / "swarm/drains.gunicorn.conf.py", "/app/gunicorn.conf.py", "ro")
GRACEFUL = "Handling signal: term"
DOCKERS_GRACE = 10  # seconds, https://docs.docker.com/reference/cli/docker/container/stop/


def test_exec_form_receives_sigterm(build, run):
    """The log shows the signal, and the container exits before Docker's ten seconds are over."""
    container = run(build("signals/exec-form.Dockerfile"))
    container.get("/health/")

    stopped = container.stop()

    container.wait_for_log(GRACEFUL)
    assert stopped.exit_code == 0
    assert stopped.seconds < DOCKERS_GRACE


@CLASSES
def test_exec_form_finishes_requests(build, run, flags):
    """Two requests of 10 s are in progress on two workers when the container is stopped."""
    env = {"GUNICORN_CMD_ARGS": f"--workers 2 {flags}"}
    container = run(build("signals/exec-form.Dockerfile"), env=env)
    responses = [container.start_sleep(10) for _ in range(2)]

    stopped = container.stop(grace=40)

    assert [response.result().text for response in responses] == ["slept", "slept"]
    assert stopped.exit_code == 0


def test_shell_form_keeps_sigterm(build, run):
    """PID 1 is the shell; Docker waits ten seconds and then kills the container."""
    container = run(build("signals/wrong-shell-form.Dockerfile"))
    first = container.top()[0]

    stopped = container.stop()

    assert first.startswith("/bin/sh -c gunicorn")
    assert GRACEFUL not in container.logs()
    assert stopped.exit_code == 137
    assert stopped.seconds >= DOCKERS_GRACE


@pytest.mark.parametrize(
    "line",
    [
        f"{LINE} --workers ${{WORKERS:-1}}",
        f"NAME=value {LINE}",
        f"true && {LINE}",
        f"true; {LINE}",
        f"{LINE} | cat",
    ],
)
def test_shell_form_of_any_shape_keeps_sigterm(build, run, line):
    """With a variable, an assignment, two kinds of lists or a pipe, Gunicorn gets no signal."""
    container = run(build(EXEC_FORM), *SH, line)

    stopped = container.stop(grace=3)

    assert GRACEFUL not in container.logs()
    assert stopped.exit_code == 137


def test_shell_form_loses_its_last_requests(build, run):
    """A request sent after SIGTERM is accepted, but cut when Docker's grace period ends."""
    container = run(build("signals/wrong-shell-form.Dockerfile"))
    container.get("/health/")

    stop = container.background.submit(container.stop)
    response = container.start_sleep(30)

    assert stop.result().exit_code == 137
    with pytest.raises(httpx.TransportError):
        response.result()


@pytest.mark.parametrize("line", [f"exec {LINE}", f"true && exec {LINE}"])
def test_exec_in_the_shell_form_receives_sigterm(build, run, line):
    """Gunicorn replaces the shell, and stops as in exec form."""
    container = run(build(EXEC_FORM), *SH, line)
    container.get("/health/")

    stopped = container.stop()

    container.wait_for_log(GRACEFUL)
    assert stopped.exit_code == 0


@pytest.mark.parametrize("line", [LINE, f"true && {LINE}"])
def test_bash_is_replaced_by_its_last_command(build, run, line):
    """With bash -c, Gunicorn is PID 1, both as the only command and after another one."""
    container = run(build(EXEC_FORM), *BASH, line)
    container.get("/health/")
    first = container.top()[0]

    stopped = container.stop()

    assert "bash" not in first
    assert "gunicorn" in first
    assert stopped.exit_code == 0


@pytest.mark.parametrize("init", ["tini", "tini group", "dumb-init"])
def test_init_forwards_sigterm_to_the_exec_form(build, run, init):
    """Docker's --init is tini; a request of 10 s that is in progress gets its response."""
    prefix, options = init_before(init)
    container = run(build(EXEC_FORM, **WITH_DUMB_INIT), *prefix, *LINE.split(), **options)
    first, response = container.top()[0], container.start_sleep(10)

    stopped = container.stop(grace=30)

    assert "init" in first
    assert response.result().text == "slept"
    assert stopped.exit_code == 0


@pytest.mark.parametrize("init", ["tini group", "dumb-init"])
@pytest.mark.parametrize("start", [[*SH, LINE], ["./entrypoint.sh"]], ids=["shell", "script"])
def test_no_init_saves_the_requests_of_a_shell(build, run, init, start):
    """With the whole process group signaled, the container exits with 143; the request is lost."""
    prefix, options = init_before(init)
    container = run(build(EXEC_FORM, **WITH_DUMB_INIT), *prefix, *start, **options)
    response = container.start_sleep(30)

    stopped = container.stop()

    assert stopped.exit_code == 143
    with pytest.raises(httpx.TransportError):
        response.result()


def test_init_does_not_repair_the_shell_form(build, run):
    """With --init the stop is fast, but the request in progress gets no response."""
    container = run(build("signals/wrong-shell-form.Dockerfile"), init=True)
    response = container.start_sleep(30)

    stopped = container.stop()

    assert stopped.exit_code == 143
    assert GRACEFUL not in container.logs()
    with pytest.raises(httpx.TransportError):
        response.result()


def test_script_with_exec_receives_sigterm(build, run):
    """Gunicorn replaces the script, and stops as in exec form."""
    files = ["signals/exec-in-script.entrypoint.sh"]
    container = run(build("signals/exec-in-script.Dockerfile", files=files))
    container.get("/health/")
    first = container.top()[0]

    stopped = container.stop()

    assert "entrypoint.sh" not in first
    container.wait_for_log(GRACEFUL)
    assert stopped.exit_code == 0


def test_script_without_exec_keeps_sigterm(build, run):
    """The script stays PID 1, and Gunicorn is killed without a signal in its log."""
    files = ["signals/wrong-script-without-exec.entrypoint.sh"]
    container = run(build("signals/exec-in-script.Dockerfile", files=files))
    first = container.top()[0]

    stopped = container.stop()

    assert "entrypoint.sh" in first
    assert GRACEFUL not in container.logs()
    assert stopped.exit_code == 137


def test_request_longer_than_the_grace_is_cut(build, run):
    """A request of 20 s is in progress, and Docker's grace period is 2 s."""
    container = run(build("signals/exec-form.Dockerfile"))
    response = container.start_sleep(20)

    stopped = container.stop(grace=2)

    assert stopped.exit_code == 137
    with pytest.raises(httpx.TransportError):
        response.result()


def test_longer_grace_lets_the_request_finish(build, run):
    """A request of 12 s, longer than Docker's ten seconds, completes with `docker stop -t 60`."""
    container = run(build("signals/exec-form.Dockerfile"))
    response = container.start_sleep(12)

    stopped = container.stop(grace=60)

    assert response.result().text == "slept"
    assert stopped.exit_code == 0


def test_graceful_timeout_hides_a_lost_request(build, run):
    """Gunicorn shuts down and exits with code 0, although the client gets no response."""
    image = build("signals/exec-form.Dockerfile")
    container = run(image, env={"GUNICORN_CMD_ARGS": "--graceful-timeout 1"})
    response = container.start_sleep(20)

    stopped = container.stop()

    assert stopped.exit_code == 0
    container.wait_for_log("Shutting down: Master")
    with pytest.raises(httpx.TransportError):
        response.result()


@pytest.mark.parametrize("signal", ["SIGINT", "SIGQUIT"])
def test_quick_stop_fails_the_request_of_a_sync_worker(build, run, signal):
    """As STOPSIGNAL, either signal turns a request in progress into a 500."""
    container = run(build("signals/exec-form.Dockerfile"), stop_signal=signal)
    response = container.start_sleep(30)

    stopped = container.stop()

    assert response.result().status_code == 500
    assert stopped.exit_code == 0


@pytest.mark.parametrize("signal", ["SIGINT", "SIGQUIT"])
def test_quick_stop_lets_gthread_finish(build, run, signal):
    """With the same signals, a request of 10 s on a thread gets its response."""
    container = run(build(EXEC_FORM), stop_signal=signal, env={"GUNICORN_CMD_ARGS": "--threads 2"})
    response = container.start_sleep(10)

    stopped = container.stop(grace=30)

    assert response.result().text == "slept"
    assert stopped.exit_code == 0


def test_second_sigint_does_not_end_the_wait(build, run):
    """A request of 10 s on a thread gets its response, although the signal comes twice."""
    container = run(build(EXEC_FORM), env={"GUNICORN_CMD_ARGS": "--threads 2"})
    response = container.start_sleep(10)
    container.kill("SIGINT")
    container.wait_for_log("Handling signal: int")

    container.kill("SIGINT")

    assert response.result().text == "slept"
    assert container.exit_code == 0


def test_sigint_after_sigterm_ends_the_patience(build, run):
    """A request of 120 s delays the shutdown, until the second signal turns it into a 500."""
    container = run(build(EXEC_FORM))
    response = container.start_sleep(120)
    container.kill("SIGTERM")
    container.wait_for_log(GRACEFUL)

    container.kill("SIGINT")

    assert response.result().status_code == 500
    assert container.exit_code == 0
    container.wait_for_log("Quick shutdown requested")


@CLASSES
def test_new_connection_during_a_stop_is_held_then_dropped(build, run, flags):
    """Inside, the kernel still accepts a connection; outside, requests fail when Gunicorn exits."""
    container = run(build(EXEC_FORM), env={"GUNICORN_CMD_ARGS": flags})
    under_way = container.start_sleep(20)
    container.kill("SIGTERM")
    container.wait_for_log(GRACEFUL)

    inside = container.exec("python", "-c", LATE_CLIENT)
    late = container.start_get("/health/")

    assert inside == "connected, no answer"
    with pytest.raises(httpx.TransportError):
        late.result()
    assert under_way.result().text == "slept"


def test_sync_drops_waiting_requests(small_image, run):
    """While all threads are busy, five requests wait: only sync loses them, unless it drains.

    The draining file is that of docs/swarm.md. Each thread finishes its own request.
    """
    sync = run(small_image, *WAITING_APP, volumes=[WAITING])
    gthread = run(small_image, *WAITING_APP, "--threads", "2", volumes=[WAITING])
    draining = run(small_image, *WAITING_APP, volumes=[WAITING, DRAINING])

    containers = {sync: "1", gthread: "2", draining: "1"}
    served = [
        container.background.submit(container.exec, "python", "-c", FIVE_WAIT, busy)
        for container, busy in containers.items()
    ]

    assert [responses.result() for responses in served] == ["1", "7", "6"]


def init_before(name):
    """Return what an init adds to a command and to `docker run`."""
    if name.startswith("tini"):
        return [], {"init": True, "env": GROUP if name == "tini group" else {}}
    return name.split(), {}
