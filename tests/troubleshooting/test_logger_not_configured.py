"""The proofs of docs/troubleshooting/logger-not-configured.md."""

import pytest

ENTRY = "troubleshooting/logger-not-configured"
HANDLERS = {"mine": {"class": "logging.StreamHandler"}}
ROOT = {"handlers": ["mine"]}
FILE = {"console": {"class": "logging.FileHandler", "filename": "/app/logs/web.log"}}
CHECK = """
d=$(mktemp -d); trap 'rm -r "$d"' EXIT
printf 'from core.settings import *\n%s\n' "$LOGGING" > "$d/logged.py"
PYTHONPATH=$d DJANGO_SETTINGS_MODULE=logged python manage.py check
"""
SERVE = 'echo "$FILE" > /tmp/conf.py; exec gunicorn core.wsgi --no-control-socket -c /tmp/conf.py'


def test_handlers_without_loggers_end_gunicorn(plain_image, run, replay):
    """The dictionary has handlers and a root logger; the error shows Gunicorn's own logger."""
    container = run(plain_image, *serve(handlers=HANDLERS, root=ROOT), ready="")

    assert container.exit_code == 1
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=plain_image)


def test_empty_loggers_let_gunicorn_start(plain_image, run):
    """With the same dictionary and empty loggers, Gunicorn listens."""
    run(plain_image, *serve(handlers=HANDLERS, root=ROOT, loggers={}), ready="Listening at")


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("formatter", {"class": "pythonjsonlogger.json.JsonFormatter"}),
        ("handler", {"class": "logging.FileHandler", "filename": "/var/log/web.log"}),
    ],
)
def test_missing_class_and_closed_file_are_named(plain_image, run, kind, wrong):
    """A formatter's package is not installed, or only root can write to a file's directory."""
    container = run(plain_image, *serve(**{f"{kind}s": {"mine": wrong}}), ready="")

    assert container.exit_code == 1
    container.wait_for_log(f"Error: Unable to configure {kind} 'mine'")


def test_log_file_of_django_needs_its_directory(inside, plain_image):
    """Django's LOGGING, not Gunicorn's, has a handler with a file."""
    done = inside(plain_image, "sh", "-c", CHECK, env={"LOGGING": f"LOGGING['handlers'] = {FILE}"})

    assert done.exit_code == 1
    assert "ValueError: Unable to configure handler 'console'" in done.output
    assert "No such file or directory: '/app/logs/web.log'" in done.output


def serve(**dictionary: object) -> list[str]:
    """Return the command that starts Gunicorn with this logconfig_dict."""
    return ["env", f"FILE=logconfig_dict = {dictionary}", "sh", "-c", SERVE]
