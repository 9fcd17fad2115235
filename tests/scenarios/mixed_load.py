"""Numbers of workers and threads on one CPU with 512 MiB, for views that wait or compute."""

from harness import PROBES
from harness.container import wait_until
from scenarios.servers import is_up

IMAGE = "threads/two-threads.Dockerfile"
CHANGES = {
    "probes/settings.py": 'from core.settings import *\nROOT_URLCONF = "probes.mixed_views"\n',
    "probes/mixed_views.py": (PROBES / "mixed_views.py").read_text(),
}
MIXED = {"DJANGO_SETTINGS_MODULE": "probes.settings"}
LIMITS = {"memory": "512m", "cpuset_cpus": [0]}  # one whole CPU: another one sends the requests
GUNICORN = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]


def label(workers, threads):
    """Return the name of a row, such as 3 workers, 2 threads."""
    return f"{counted(workers, 'worker')}, {counted(threads, 'thread')}"


def counted(number, noun):
    """Return a number with its noun."""
    return f"{number} {noun}{'s' * (number != 1)}"


def started(run, image, workers, threads, env=None, **options: object):
    """Start Gunicorn with these numbers, and return its container once it responds."""
    numbers = ["--workers", str(workers), "--threads", str(threads)]
    container = run(image, *GUNICORN, *numbers, env=MIXED | (env or {}), **LIMITS, **options)
    container.wait_for_log("Booting worker", count=workers)
    assert wait_until(lambda: is_up(container)), container.logs()
    return container
