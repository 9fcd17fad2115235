"""The proofs of docs/troubleshooting/empty-reply.md."""

import httpx
import pytest

ENTRY = "troubleshooting/empty-reply"
DIES = """
import os
def application(environ, start_response):
    os.kill(os.getpid(), 9)
"""
SERVE = "exec gunicorn dies --pythonpath /tmp --no-control-socket"


def test_killed_worker_leaves_its_client_without_a_reply(plain_image, run, replay):
    """The worker is killed during a request, as by the kernel when memory runs out."""
    container = run(plain_image, "sh", "-c", f"echo '{DIES}' > /tmp/dies.py; {SERVE}")
    container.wait_for_log("Booting worker")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    container.wait_for_log("SIGKILL")
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_replaced_worker_cuts_a_long_request(plain_image, run):
    """A request of a minute is in progress during a reload; without one, gthread has no limit."""
    options = "--threads 2 --timeout 2 --graceful-timeout 1"
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": options})
    response = container.start_sleep(60)

    container.kill("SIGHUP")

    with pytest.raises(httpx.TransportError):
        response.result()
    assert "WORKER TIMEOUT" in container.logs().partition("Handling signal: hup")[2]


def test_restart_after_max_requests_cuts_a_long_request(plain_image, run):
    """The second request takes a minute, and is the last one that its worker may handle."""
    options = "--threads 2 --timeout 2 --graceful-timeout 1 --max-requests 2"
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": options})
    response = container.start_sleep(60)

    with pytest.raises(httpx.TransportError):
        response.result()
    assert "WORKER TIMEOUT" in container.logs().partition("Autorestarting worker")[2]
