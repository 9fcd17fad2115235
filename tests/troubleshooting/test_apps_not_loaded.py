"""The proofs of docs/troubleshooting/apps-not-loaded.md."""

from harness import ROOT

ENTRY = "troubleshooting/apps-not-loaded"
SETTINGS = {"DJANGO_SETTINGS_MODULE": "core.settings"}
SERVE = ["gunicorn", "--worker-class", "asgi", "--bind", "0.0.0.0:8000"]
PROBES = ["models_first.py", "application_first.py"]
VOLUMES = [(ROOT / "tests/probes" / name, f"/app/{name}", "ro") for name in PROBES]
TWICE = """
mkdir /tmp/late && echo 'import django; django.setup()' > /tmp/late/__init__.py
echo 'from core.settings import *; INSTALLED_APPS = ["late"]' > /tmp/late_settings.py
PYTHONPATH=/tmp DJANGO_SETTINGS_MODULE=late_settings exec gunicorn core.wsgi --no-control-socket
"""


def test_model_before_the_application_ends_gunicorn(plain_image, run, replay):
    """The settings are loaded, but the apps are not."""
    command = [*SERVE, "models_first"]
    container = run(plain_image, *command, ready="", env=SETTINGS, volumes=VOLUMES)

    assert container.exit_code == 3
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_application_first_lets_models_load(plain_image, run):
    """With the same two lines in the other order, Gunicorn starts."""
    container = run(plain_image, *SERVE, "application_first", env=SETTINGS, volumes=VOLUMES)
    container.wait_for_log("Booting worker")

    assert container.get("/health/").status_code == 200


def test_second_setup_is_not_reentrant(plain_image, run):
    """An app calls django.setup() while it is being loaded."""
    container = run(plain_image, "sh", "-c", TWICE, ready="")

    assert container.exit_code == 3
    container.wait_for_log("RuntimeError: populate() isn't reentrant")
