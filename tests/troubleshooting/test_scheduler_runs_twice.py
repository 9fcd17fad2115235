"""The proofs of docs/troubleshooting/scheduler-runs-twice.md."""

ENTRY = "troubleshooting/scheduler-runs-twice"
APP = """
import os, threading
from wsgiref.simple_server import demo_app as app
def job():
    print(f"[{os.getpid()}] sending the newsletter", flush=True)
threading.Timer(1, job).start()
"""
SERVE = ["sh", "-c", f"echo '{APP}' > /tmp/app.py; exec gunicorn --chdir /tmp app:app $0 $@"]
SERVE += ["--bind", "0.0.0.0:8000"]
LINE = "sending the newsletter"


def test_timer_of_an_import_fires_in_each_worker(plain_image, run, replay):
    """Two workers each run the timer, and log two lines."""
    container = run(plain_image, *SERVE, env={"WEB_CONCURRENCY": "2"})
    container.wait_for_log(LINE, count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_one_worker_fires_once(plain_image, run):
    """Environment variables set the options; the job has run once when the container stops."""
    env = {"WEB_CONCURRENCY": "1", "GUNICORN_CMD_ARGS": "--threads 4"}
    container = run(plain_image, *SERVE, env=env)
    container.wait_for_log(LINE)
    container.get()

    assert container.stop().exit_code == 0
    assert container.logs().count(LINE) == 1
