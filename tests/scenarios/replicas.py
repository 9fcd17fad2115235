"""Gunicorn with a number of workers per container, for docs/replicas.md and its measurements."""

GUNICORN = "gunicorn core.wsgi --bind 0.0.0.0:8000 --worker-tmp-dir /dev/shm --no-control-socket"
BOOTING = "Booting worker"


def serve(run, image, workers, flags="", **options: object):
    """Run Gunicorn with this many workers, and wait until each one boots."""
    container = run(image, *GUNICORN.split(), f"--workers={workers}", *flags.split(), **options)
    container.wait_for_log(BOOTING, count=workers)
    return container
