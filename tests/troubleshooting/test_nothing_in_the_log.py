"""The proofs of docs/troubleshooting/nothing-in-the-log.md."""

from harness import SNIPPETS

ENTRY = "troubleshooting/nothing-in-the-log"
LOGGING = (SNIPPETS / ENTRY / "tracebacks.settings.py").read_text()
SETTINGS = "from core.settings import *\nLOGGING = {}\n"
GUNICORN = "exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
SERVE = ["sh", "-c", f'printf %s "$0" > /tmp/quiet.py; {GUNICORN}']
QUIET = {"DJANGO_SETTINGS_MODULE": "quiet", "PYTHONPATH": "/tmp"}


def test_failing_view_may_leave_no_line(plain_image, run, replay):
    """The client gets a 500, and the last line is from the start."""
    container = run(plain_image, *SERVE, SETTINGS, env=QUIET)
    container.wait_for_log("Booting worker")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_options_of_gunicorn_bring_no_traceback_back(plain_image, run):
    """At its most verbose level, Gunicorn logs the request, but not the view's exception."""
    options = {"GUNICORN_CMD_ARGS": "--log-level debug --capture-output"}
    container = run(plain_image, *SERVE, SETTINGS, env=QUIET | options)

    assert container.get("/fail/").status_code == 500
    assert container.get("/health/").status_code == 200
    assert "probe failed" not in container.wait_for_log("GET /health/")


def test_logging_brings_tracebacks_back(plain_image, run):
    """With the page's file at the end of the settings, the log has the traceback."""
    container = run(plain_image, *SERVE, SETTINGS + LOGGING, env=QUIET)

    assert container.get("/fail/").status_code == 500
    log = container.wait_for_log("RuntimeError: probe failed")
    assert "Traceback (most recent call last):" in log
