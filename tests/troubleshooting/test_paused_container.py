"""The proofs of docs/troubleshooting/paused-container.md."""

import time

import pytest

from harness.container import wait_until
from harness.pauses import paused

ENTRY = "troubleshooting/paused-container"
TIMEOUT = 2


@pytest.mark.cgroup
def test_worker_killed_after_a_pause_is_replaced(small_image, run, docker, replay):
    """An idle worker is killed when it wakes, unless it happens to act before the master.

    The worker then has a second to exit. If it takes longer, it gets SIGKILL, and the test
    pauses it again.
    """
    container = run(small_image, env={"GUNICORN_CMD_ARGS": f"--timeout {TIMEOUT}"})
    container.get("/health/")

    def exited_after_a_pause() -> bool:
        with paused(docker, container):
            time.sleep(2 * TIMEOUT)
        time.sleep(2)
        return "exited with code 1" in container.logs().rpartition("WORKER TIMEOUT")[2]

    assert wait_until(exited_after_a_pause), container.logs()

    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    assert container.get("/health/").text == "ok"
