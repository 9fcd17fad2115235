"""The proofs of docs/troubleshooting/worker-timeout.md."""

ENTRY = "troubleshooting/worker-timeout"


def test_slow_request_logs_worker_timeout(plain_image, run, replay):
    """A sync worker is killed in the middle of a request, which is answered with a 500."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--timeout 1"})
    response = container.get("/sleep/10/")
    container.wait_for_log("Booting worker", count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert response.status_code == 500


def test_threads_let_the_slow_request_finish(plain_image, run):
    """The request takes thrice the timeout."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--timeout 1 --threads 4"})

    assert container.get("/sleep/3/").text == "slept"
    assert "WORKER TIMEOUT" not in container.logs()
