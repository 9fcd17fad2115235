"""The proofs of docs/troubleshooting/killed-by-gunicorn.md."""

import pytest

ENTRY = "troubleshooting/killed-by-gunicorn"
SLOW_TO_EXIT = """
import time
def worker_exit(server, worker):
    time.sleep(60)
"""
SERVE = """
printf %s "$0" > /tmp/slow.py
exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket --timeout 3 --config /tmp/slow.py
"""
FAULT_HANDLER = """import faulthandler
post_worker_init = lambda worker: faulthandler.enable()"""
ONE_HEARTBEAT = """from gunicorn.workers.sync import SyncWorker
class Once(SyncWorker):
    done = False
    def notify(self):
        if not self.done:
            super().notify()
        self.done = True
worker_class = Once"""
GTHREAD = {"GUNICORN_CMD_ARGS": "--threads 2 --timeout 3"}


@pytest.mark.cgroup
def test_gunicorn_logs_its_own_kill_alike(plain_image, run, replay):
    """The worker hangs without a memory limit, but the line is the same."""
    container = run(plain_image, env=GTHREAD, cpus=0.3)
    container.start_get("/hold-gil/60/")
    container.wait_for_log("Booting worker", count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_worker_that_exits_slowly_is_killed_after_its_request(plain_image, run):
    """A sync worker logs its slow request, and then needs longer than a second to exit."""
    container = run(plain_image, "sh", "-c", SERVE, SLOW_TO_EXIT)
    container.start_get("/sleep/30/")
    log = container.wait_for_log("was sent SIGKILL! Perhaps out of memory?")

    between = log.partition("WORKER TIMEOUT")[2]
    assert "Error handling request GET /sleep/30/" in between


def test_class_without_a_heartbeat_is_killed_while_idle(small_image, run):
    """The class updates its heartbeat only once; without a request, Gunicorn's own class lives."""
    idle = run(small_image, "sh", "-c", SERVE, "pass")
    silent = run(small_image, "sh", "-c", SERVE, ONE_HEARTBEAT)

    silent.wait_for_log("WORKER TIMEOUT", count=2)
    assert "WORKER TIMEOUT" not in idle.logs()


def test_fault_handler_shows_the_view_that_holds_the_gil(plain_image, run):
    """A regular expression that never ends is C code; the hook is one line of the file."""
    container = run(plain_image, "sh", "-c", SERVE, FAULT_HANDLER)
    container.start_get("/hold-gil/60/")

    log = container.wait_for_log("Booting worker", count=2)

    assert "Fatal Python error: Aborted" in log
    assert "in hold_gil" in log
