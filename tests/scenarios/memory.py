"""Requests that are timed from inside a container, and files that share memory."""

import json

from harness import PROBES, SNIPPETS

SHARED = (SNIPPETS / "memory/shared.gunicorn.conf.py").read_text()
PRELOAD = "preload_app = True\n"
READY = """
def post_worker_init(worker):
    worker.log.info("Ready for up to %s requests", worker.max_requests)
"""
CLIENT = (PROBES / "timed_requests.py").read_text()


def ask(container, path, count):
    """Send requests one by one from inside; return the seconds, status and text of each."""
    return json.loads(container.exec("python", "-c", CLIENT, path, str(count)))
