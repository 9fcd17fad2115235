"""How much memory Gunicorn uses: at startup, under load, after a garbage collection."""

from scenarios.memory import PRELOAD, READY, SHARED, ask

IMAGE = "dockerfile/app.Dockerfile"
GUNICORN = "exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
CONFIGURED = f'echo "$CONFIG" >/tmp/bench.conf.py; {GUNICORN} --config /tmp/bench.conf.py'
COLLECT_LATE = """
import gc
def pre_request(worker, request):
    if request.path == "/health/":
        gc.collect()
"""
SETUPS = [
    ("1 worker", 1, 1, ""),
    ("1 worker, 8 threads", 1, 8, ""),
    ("2 workers", 2, 1, ""),
    ("4 workers", 4, 1, ""),
    ("4 workers, preload", 4, 1, PRELOAD),
    ("4 workers, preload, gc.freeze", 4, 1, SHARED),
]


def bench_memory(build, run, measured):
    """Send a hundred requests to each worker, then make it collect its garbage."""
    columns = ["setup", "MiB at startup", "MiB under load", "MiB after collection"]
    rows = [[name, *sizes(build, run, *setup)] for name, *setup in SETUPS]

    measured("pss", columns, rows)


def sizes(build, run, workers, threads, config):
    """Return the MiB that all processes use at the three moments."""
    flags = ["--workers", str(workers), "--threads", str(threads)]
    command = ["sh", "-c", f'{CONFIGURED} "$@"', "sh", *flags]
    container = run(build(IMAGE), *command, env={"CONFIG": config + COLLECT_LATE + READY})
    container.wait_for_log("Ready", count=workers)
    found = [container.pss()]
    for path in ("/", "/health/"):
        ask(container, path, 100 * workers)
        found.append(container.pss())
    container.stop()  # otherwise the next one shares its files with this one
    return [round(kilobytes / 1024) for kilobytes in found]
