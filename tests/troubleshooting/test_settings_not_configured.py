"""The proofs of docs/troubleshooting/settings-not-configured.md."""

from harness import ROOT

PLAIN = "signals/exec-form.Dockerfile"
PRODUCTION = """
from core.settings import *

ALLOWED_HOSTS = ["production.example.com"]
"""
HOSTS = "from django.conf import settings; print(settings.ALLOWED_HOSTS)"
SCRIPT = f"import django; django.setup(); {HOSTS}"
HOST = {"headers": {"Host": "production.example.com"}}
ENTRY = "troubleshooting/settings-not-configured"
NAME = "DJANGO_SETTINGS_MODULE"
SERVE = ["gunicorn", "--worker-class", "asgi", "--bind", "0.0.0.0:8000"]
PROBE = [(ROOT / "tests/probes/application_first.py", "/app/application_first.py", "ro")]
CHECK = ["python", "manage.py", "check"]


def test_module_without_settings_ends_gunicorn(plain_image, run, replay):
    """The module creates an application, but does not say where the settings are."""
    container = run(plain_image, *SERVE, "application_first", ready="", volumes=PROBE)

    assert container.exit_code == 3
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_variable_lets_the_settings_be_found(plain_image, run):
    """With the variable, Gunicorn serves the same module."""
    env = {NAME: "core.settings"}
    container = run(plain_image, *SERVE, "application_first", volumes=PROBE, env=env)
    container.wait_for_log("Booting worker")

    assert container.get("/health/").status_code == 200


def test_wrong_settings_module_is_named(inside, plain_image):
    """The variable refers to a module that the image does not have."""
    done = inside(plain_image, *CHECK, env={NAME: "core.production"})

    assert done.exit_code == 1
    assert "No module named 'core.production'" in done.output


def test_variable_in_the_image_serves_every_command(build, run, inside):
    """A script, manage.py and Gunicorn use the image's module, and a container another one."""
    edits = {"CMD": f"ENV {NAME}=core.production\nCMD"}
    image = build(PLAIN, changes={"core/production.py": PRODUCTION}, edits=edits)

    script = inside(image, "python", "-c", SCRIPT)
    command = inside(image, "python", "manage.py", "shell", "-c", HOSTS)
    container, overridden = run(image), run(image, env={NAME: "core.settings"})

    assert "production.example.com" in script.output
    assert "production.example.com" in command.output
    assert container.get("/health/").status_code == 400
    assert container.get("/health/", **HOST).status_code == 200
    assert overridden.get("/health/").status_code == 200
