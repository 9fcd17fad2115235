"""The proofs of docs/troubleshooting/busy-worker.md."""

import pytest
from python_on_whales.exceptions import DockerException

from harness import SNIPPETS

ENTRY = "troubleshooting/busy-worker"
CONF = (SNIPPETS / ENTRY / "stacks.gunicorn.conf.py").read_text()
DEMO = "gunicorn wsgiref.simple_server:demo_app --bind 0.0.0.0:8000 --config /tmp/stacks.py"
SERVE = ["sh", "-c", f'echo "$0" > /tmp/stacks.py; exec {DEMO}', CONF]
SIGNAL = 'test "$(cat /proc/1/task/1/children)" && kill -USR2 $(cat /proc/1/task/1/children)'
LOOK_INSIDE = """
import os, sys
script = f"/tmp/nothing.{os.getuid()}.py"
open(script, "w").close()
sys.remote_exec(int(open("/proc/1/task/1/children").read()), script)
"""
ASK = ["python", "-c", LOOK_INSIDE]


@pytest.mark.cgroup
def test_worker_tells_where_it_computes(plain_image, run, replay):
    """One thread computes for minutes; without any capabilities, the worker shows its view."""
    env = {"GUNICORN_CMD_ARGS": "--threads 2"}
    container = run(plain_image, env=env, cpus=0.5, cap_drop=["ALL"])
    container.wait_for_log("Booting worker")
    container.get("/health/")
    container.begin(lambda: container.start_get("/cpu/1000000000/"))

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_root_needs_privileges_to_look_inside(plain_image, run):
    """Root is refused, but root with privileges and the workers' user are not."""
    container = run(plain_image, *SERVE)
    container.wait_for_log("Booting worker")

    with pytest.raises(DockerException, match="Permission denied"):
        container.handle.execute(ASK, user="root")
    container.handle.execute(ASK, user="root", privileged=True)
    container.exec(*ASK)


def test_signal_makes_a_worker_tell_its_place(plain_image, run):
    """An idle worker logs that it is waiting, and keeps serving."""
    container = run(plain_image, *SERVE)
    container.get()

    container.exec("sh", "-c", SIGNAL)

    stack = container.wait_for_log("in <module>").partition("(most recent call first)")[2]
    assert "gunicorn/workers/sync.py" in stack
    assert container.get().status_code == 200
