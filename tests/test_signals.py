"""The proofs of docs/signals.md."""

import httpx
import pytest

GRACEFUL = "Handling signal: term"
DOCKERS_GRACE = 10  # seconds, https://docs.docker.com/reference/cli/docker/container/stop/


def test_exec_form_receives_sigterm(build, run):
    """Gunicorn says so, and the container is gone long before Docker's patience ends."""
    container = run(build("signals/exec-form.Dockerfile"))

    stopped = container.stop()

    assert GRACEFUL in container.logs()
    assert stopped.exit_code == 0
    assert stopped.seconds < DOCKERS_GRACE


def test_exec_form_finishes_requests(build, run):
    """A request of 4 s is under way when the container is stopped, and is answered."""
    container = run(build("signals/exec-form.Dockerfile"))
    response = container.start_sleep(4)

    stopped = container.stop()

    assert response.result().text == "slept"
    assert stopped.exit_code == 0


def test_shell_form_keeps_sigterm(build, run):
    """The first process is the shell; Docker waits in vain and kills all."""
    container = run(build("signals/wrong-shell-form.Dockerfile"))
    first = container.top()[0]

    stopped = container.stop()

    assert first.startswith("/bin/sh -c gunicorn")
    assert GRACEFUL not in container.logs()
    assert stopped.exit_code == 137
    assert stopped.seconds >= DOCKERS_GRACE


def test_init_does_not_repair_the_shell_form(build, run):
    """With --init the stop is fast, but the request under way gets no answer."""
    container = run(build("signals/wrong-shell-form.Dockerfile"), init=True)
    response = container.start_sleep(4)

    stopped = container.stop()

    assert stopped.exit_code == 143
    assert GRACEFUL not in container.logs()
    with pytest.raises(httpx.TransportError):
        response.result()


def test_script_with_exec_receives_sigterm(build, run):
    """The script is replaced by Gunicorn, which stops as in exec form."""
    files = ["signals/exec-in-script.entrypoint.sh"]
    container = run(build("signals/exec-in-script.Dockerfile", files=files))
    first = container.top()[0]

    stopped = container.stop()

    assert "entrypoint.sh" not in first
    assert GRACEFUL in container.logs()
    assert stopped.exit_code == 0


def test_script_without_exec_keeps_sigterm(build, run):
    """The script stays the first process, and Gunicorn is killed with it."""
    files = ["signals/wrong-script-without-exec.entrypoint.sh"]
    container = run(build("signals/exec-in-script.Dockerfile", files=files))
    first = container.top()[0]

    stopped = container.stop()

    assert "entrypoint.sh" in first
    assert GRACEFUL not in container.logs()
    assert stopped.exit_code == 137


def test_request_longer_than_the_grace_is_cut(build, run):
    """Docker's grace ends before the request does: the same ratio as 10 s against a minute."""
    container = run(build("signals/exec-form.Dockerfile"))
    response = container.start_sleep(20)

    stopped = container.stop(grace=2)

    assert stopped.exit_code == 137
    with pytest.raises(httpx.TransportError):
        response.result()


def test_longer_grace_lets_the_request_finish(build, run):
    """A request of 12 s outlives Docker's ten seconds, if they are made sixty."""
    container = run(build("signals/exec-form.Dockerfile"))
    response = container.start_sleep(12)

    stopped = container.stop(grace=60)

    assert response.result().text == "slept"
    assert stopped.exit_code == 0


def test_graceful_timeout_hides_a_lost_request(build, run):
    """Gunicorn stops as asked and exits 0, and yet the client has no answer."""
    image = build("signals/exec-form.Dockerfile")
    container = run(image, env={"GUNICORN_CMD_ARGS": "--graceful-timeout 1"})
    response = container.start_sleep(20)

    stopped = container.stop()

    assert stopped.exit_code == 0
    assert "Shutting down: Master" in container.logs()
    with pytest.raises(httpx.TransportError):
        response.result()


@pytest.mark.parametrize("signal", ["SIGINT", "SIGQUIT"])
def test_quick_stop_fails_the_request_of_a_sync_worker(build, run, signal):
    """Both signals, sent as STOPSIGNAL would, turn a request under way into a 500."""
    container = run(build("signals/exec-form.Dockerfile"), stop_signal=signal)
    response = container.start_sleep(5)

    stopped = container.stop()

    assert response.result().status_code == 500
    assert stopped.exit_code == 0
