"""The proofs of docs/troubleshooting/paused-container.md."""

import time

import pytest

from harness.container import PATIENCE
from harness.pauses import paused

ENTRY = "troubleshooting/paused-container"
TIMEOUT = 1


@pytest.mark.cgroup
def test_worker_killed_after_a_pause_is_replaced(plain_image, run, docker, replay):
    """An idle worker is killed when it wakes, unless it is quicker than the master: chance."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": f"--timeout {TIMEOUT}"})
    container.get("/health/")
    deadline = time.monotonic() + PATIENCE
    while "exited with code 1" not in container.logs() and time.monotonic() < deadline:
        with paused(docker, container):
            time.sleep(2 * TIMEOUT)
        time.sleep(2)

    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    assert container.get("/health/").text == "ok"
