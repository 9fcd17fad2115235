"""The proofs of docs/troubleshooting/out-of-memory.md."""

import httpx
import pytest

ENTRY = "troubleshooting/out-of-memory"
GREED = """
def pre_request(worker, request):
    worker.greed = b"x" * 2 * 10**8
"""
SERVE = """
echo "$GREED" > /tmp/greed.conf.py
exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket --config /tmp/greed.conf.py
"""
LIMIT, MORE = ({"memory": size, "memory_swap": size} for size in ("100m", "500m"))


@pytest.mark.cgroup
@pytest.mark.docker_only("OOMKilled for a container that keeps running")
def test_raised_limit_holds_at_once(plain_image, run, docker, replay):
    """A request needs 200 MB: its worker is killed with a limit of 100, but not with 500."""
    container = run(plain_image, "sh", "-c", SERVE, env={"GREED": GREED}, **LIMIT)
    with pytest.raises(httpx.TransportError):
        container.get("/health/")
    container.wait_for_log("Booting worker", count=2)
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)

    docker.container.update(container.handle, **MORE)

    assert container.get("/health/").text == "ok"
    assert "WORKER TIMEOUT" not in container.logs()


def test_end_of_the_graceful_timeout_logs_the_same_line(plain_image, run):
    """Memory is not limited; Ctrl+C (SIGINT) stops Gunicorn during a long request."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--threads 2 --graceful-timeout 1"})
    container.start_sleep(60)

    container.kill("SIGINT")

    assert container.exit_code == 0
    end = container.logs().partition("Handling signal: int")[2]
    assert "was sent SIGKILL! Perhaps out of memory?" in end
    assert "WORKER TIMEOUT" not in end
