"""The proofs of docs/troubleshooting/nothing-in-the-log.md."""

ENTRY = "troubleshooting/nothing-in-the-log"
SETTINGS = "from core.settings import *\nLOGGING = {}\n"
GUNICORN = "exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
SERVE = ["sh", "-c", f"echo '{SETTINGS}' > /tmp/quiet.py; {GUNICORN}"]
QUIET = {"DJANGO_SETTINGS_MODULE": "quiet", "PYTHONPATH": "/tmp"}


def test_failing_view_may_leave_no_line(plain_image, run, replay):
    """The client gets a 500, and the last line is that of the start."""
    container = run(plain_image, *SERVE, env=QUIET)
    container.wait_for_log("Booting worker")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
