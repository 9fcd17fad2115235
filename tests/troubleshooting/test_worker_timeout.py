"""The proofs of docs/troubleshooting/worker-timeout.md."""

ENTRY = "troubleshooting/worker-timeout"


def test_slow_request_logs_worker_timeout(plain_image, run, replay):
    """A sync worker is killed during a request, and the client gets a 500."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--timeout 2"})
    response = container.get("/sleep/10/")
    container.wait_for_log("Booting worker", count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert response.status_code == 500


def test_threads_let_the_slow_request_finish(plain_image, run):
    """With threads, a request that takes three times the timeout completes."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--timeout 4 --threads 4"})

    assert container.get("/sleep/12/").text == "slept"
    assert "WORKER TIMEOUT" not in container.logs()


def test_traceback_of_an_aborted_worker_ends_in_system_exit(plain_image, run):
    """The view only sleeps; the traceback's last line is not in the view."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--timeout 2"})
    container.get("/sleep/10/")
    log = container.wait_for_log("Booting worker", count=2)

    traceback = log.partition("Traceback (most recent call last):\n")[2]
    ends = [line for line in traceback.splitlines() if not line.startswith((" ", "["))]
    assert ends[0] == "SystemExit: 1"


def test_longer_timeout_lets_the_slow_request_finish(plain_image, run):
    """The same view takes 6 s: it fails with a timeout of 2 s, but not with one of 20 s."""
    short, long = (run(plain_image, env={"GUNICORN_CMD_ARGS": f"--timeout {n}"}) for n in (2, 20))

    assert short.get("/sleep/6/").status_code == 500
    assert long.get("/sleep/6/").text == "slept"
    assert "WORKER TIMEOUT" not in long.logs()
