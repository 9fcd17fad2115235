"""Count what each worker does, and serve the sum of all workers on port 9000."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

# prometheus_client reads this when it is imported; /dev/shm is memory.
FOLDER = Path("/dev/shm/metrics")
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(FOLDER)


def on_starting(server):
    """Drop what an earlier start left: its workers would be counted, too."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()


def when_ready(server):
    """Serve the metrics from a process of its own, because all threads may be busy."""
    subprocess.Popen([sys.executable, "serve_metrics.py"])


def post_fork(server, worker):
    """Define the metrics in each worker."""
    from prometheus_client import Gauge, Histogram

    live = {"multiprocess_mode": "livesum"}
    worker.busy = Gauge("gunicorn_busy_threads", "Threads with a request", **live)
    worker.seconds = Histogram("gunicorn_request_seconds", "Durations", ["status"])
    threads = Gauge("gunicorn_threads", "All threads", **live)
    threads.set(worker.cfg.threads)


def pre_request(worker, req):
    """Count a thread as busy."""
    req.started = time.monotonic()
    worker.busy.inc()


def post_request(worker, req, environ, resp):
    """Count the thread as free, and record the response."""
    worker.busy.dec()
    status = str(resp.status_code) if resp else "none"
    worker.seconds.labels(status).observe(time.monotonic() - req.started)


def child_exit(server, worker):
    """Forget the threads of a worker that is gone."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
