"""The proofs of docs/troubleshooting/killed-by-gunicorn.md."""

import pytest

ENTRY = "troubleshooting/killed-by-gunicorn"
GTHREAD = {"GUNICORN_CMD_ARGS": "--threads 2 --timeout 1"}


@pytest.mark.cgroup
def test_gunicorn_logs_its_own_kill_alike(plain_image, run, replay):
    """There is no memory limit; the worker is stuck, and the line is the same."""
    container = run(plain_image, env=GTHREAD, cpus=0.3)
    container.start_get("/hold-gil/60/")
    container.wait_for_log("Booting worker", count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
