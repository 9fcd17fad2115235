"""The proofs of docs/troubleshooting/empty-reply.md."""

ENTRY = "troubleshooting/empty-reply"
DIES = """
import os
def application(environ, start_response):
    os.kill(os.getpid(), 9)
"""
SERVE = "exec gunicorn dies --pythonpath /tmp --no-control-socket"


def test_killed_worker_leaves_its_client_without_a_reply(plain_image, run, replay):
    """The worker is killed during a request, as the kernel does when memory runs out."""
    container = run(plain_image, "sh", "-c", f"echo '{DIES}' > /tmp/dies.py; {SERVE}")
    container.wait_for_log("Booting worker")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    container.wait_for_log("SIGKILL")
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
