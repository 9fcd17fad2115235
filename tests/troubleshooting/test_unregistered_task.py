"""The proofs of docs/troubleshooting/unregistered-task.md."""

import pytest

from harness import PROJECT, SNIPPETS

ENTRY = "troubleshooting/unregistered-task"
# The pins of test_redis_unreachable.py, so that the engine installs them only once.
PINS = "redis==8.1.0\ncelery==5.7.0\n"
TASKS = (SNIPPETS / "celery/mail.tasks.py").read_text()
CHANGES = {
    "requirements.txt": (PROJECT / "requirements.txt").read_text() + PINS,
    "core/celery.py": (SNIPPETS / "celery/django.celery.py").read_text(),
    "core/tasks.py": TASKS,
    "shop/__init__.py": "",
    "shop/tasks.py": TASKS,
}
# The broker is a directory, in which the worker reads what the sender writes.
BROKER = {"CELERY_BROKER_URL": "filesystem://", "PYTHONPATH": "/app"}
QUEUE = "cd /tmp && mkdir data_in control && ln -s data_in data_out"
SEND = "celery --app core call {}.tasks.clear_sessions"


@pytest.fixture
def worker(build, run):
    """Return a function that sends a task of an app, and starts a worker with these options."""

    def worker(name, *options):
        image = build("signals/exec-form.Dockerfile", changes=CHANGES)
        start = " ".join(["exec celery", *options, "worker --pool solo"])
        command = f"{QUEUE} && {SEND.format(name)} && {start}"
        return run(image, "sh", "-c", command, env=BROKER, ready="ignored and discarded")

    return worker


def test_tasks_of_an_unlisted_app_are_unknown(worker, replay):
    """The app has a tasks.py, but is not in INSTALLED_APPS."""
    container = worker("shop", "--app", "core")

    replay(f"{ENTRY}/line.console", worker=container.handle.id)
    replay(f"{ENTRY}/confirm.console", worker=container.handle.id)


def test_worker_without_the_app_knows_no_task(worker):
    """The app is in INSTALLED_APPS, but the worker does not load it."""
    log = worker("core").logs()

    assert "Received unregistered task of type 'core.tasks.clear_sessions'" in log
