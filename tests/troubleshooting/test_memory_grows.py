"""The proofs of docs/troubleshooting/memory-grows.md."""

from contextlib import suppress

import httpx
import pytest

ENTRY = "troubleshooting/memory-grows"
LEAK = """
def pre_request(worker, request):
    worker.leak = [*getattr(worker, "leak", []), b"x" * 10**7]
"""
SERVE = """
echo "$LEAK" > /tmp/leak.conf.py
exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket --config /tmp/leak.conf.py
"""
LIMIT = {"memory": "150m", "memory_swap": "150m"}


@pytest.mark.cgroup
@pytest.mark.docker_only("OOMKilled for a container that keeps running")
def test_hup_frees_what_has_grown(plain_image, run, replay):
    """Every request leaks 10 MB: two workers are killed, and HUP replaces the third one."""
    container = run(plain_image, "sh", "-c", SERVE, env={"LEAK": LEAK}, **LIMIT)
    ask_until_killed(container, times=2)
    container.wait_for_log("Booting worker", count=3)
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)

    *_, grown = (container.get("/memory/").json()["uss"] for _ in range(3))
    container.kill("SIGHUP")
    container.wait_for_log("Worker exiting")

    assert container.get("/memory/").json()["uss"] < grown - 10_000


def ask_until_killed(container, times):
    """Send requests until this many workers have been killed; a hundred are more than enough."""
    for _ in range(100):
        if container.logs().count("Perhaps out of memory?") == times:
            break
        with suppress(httpx.TransportError):
            container.get("/health/")
