"""The proofs of docs/troubleshooting/memory-boot-loop.md."""

import pytest

ENTRY = "troubleshooting/memory-boot-loop"
LIMIT = {"memory": "64m", "memory_swap": "64m"}


@pytest.mark.cgroup
def test_memory_limit_kills_workers_in_a_loop(plain_image, run, replay):
    """Three workers do not fit: the kernel kills them, and Gunicorn starts others and stays up."""
    container = run(plain_image, env={"WEB_CONCURRENCY": "3"}, **LIMIT)

    container.wait_for_log("was sent SIGKILL! Perhaps out of memory?", count=4)
    container.wait_for_log("Booting worker", count=6)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert container.running
