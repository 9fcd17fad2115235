"""How long sixteen concurrent requests to one worker take, by its number of threads."""

import time

IMAGE = "threads/two-threads.Dockerfile"
GUNICORN = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
REQUESTS = 16


def bench_threads(build, run, measured):
    """Each request waits for half a second, as for a slow database."""
    rows = []
    for threads in (1, 2, 4, 8, 16):
        flags = ["--worker-class", "gthread", "--threads", str(threads)]
        container = run(build(IMAGE), *GUNICORN, *flags)
        container.get("/health/")
        name = "1 thread" if threads == 1 else f"{threads} threads"
        rows.append([name, seconds(container, "/sleep/0.5/")])

    measured("requests", ["16 requests", "seconds"], rows)


def seconds(container, path):
    """Return how long sixteen concurrent requests take."""
    start = time.monotonic()
    responses = [container.start_get(path, verify=False) for _ in range(REQUESTS)]
    assert {response.result().status_code for response in responses} == {200}
    return round(time.monotonic() - start, 1)
