"""The proofs of docs/troubleshooting/cannot-start-thread.md."""

import subprocess

import pytest

ENTRY = "troubleshooting/cannot-start-thread"
SERVE = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--threads", "16"]
LINE = "RuntimeError: can't start new thread"
MANY = """from threading import Barrier, Thread
for wait in 20 * [Barrier(20).wait]: Thread(target=wait, daemon=True).start()"""


@pytest.fixture(scope="module")
def web(running, plain_image):
    """Return a container whose worker has more threads than the limit allows."""
    with running(plain_image, *SERVE, pids_limit=12) as container:
        container.wait_for_log("Booting worker")
        yield container


def test_threads_count_as_processes(web, replay):
    """Sixteen requests arrive at the same time, and each needs a thread."""
    requests = [web.start_get("/sleep/2/") for _ in range(16)]
    web.wait_for_log(LINE)
    for request in requests:
        request.exception()

    replay(f"{ENTRY}/line.console", web=web.handle.id)
    replay(f"{ENTRY}/confirm.console", web=web.handle.id)


def test_raised_limit_lets_threads_start(plain_image, run):
    """The same program fails before the change, but not after it."""
    container = run(plain_image, "sleep", "600", ready="", pids_limit=12)
    docker = [*map(str, container.docker.client_config.docker_cmd)]
    ask = [*docker, "exec", container.handle.id, "python", "-c", MANY]

    before = subprocess.run(ask, check=False, capture_output=True, text=True)
    update = ["update", "--pids-limit", "200", container.handle.id]
    subprocess.run([*docker, *update], check=True, capture_output=True)
    after = subprocess.run(ask, check=False, capture_output=True, text=True)

    assert LINE in before.stderr
    assert (after.returncode, after.stderr) == (0, "")
