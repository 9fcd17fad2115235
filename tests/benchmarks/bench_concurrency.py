"""The measurements of docs/concurrency.md: workers and threads for four kinds of views."""

import os

import pytest

from scenarios.databases import KEPT
from scenarios.mixed_load import CHANGES, IMAGE, label, started
from scenarios.steady_load import Generator

REQUESTS = 1000  # of each load, so that ten are slower than the 99th percentile
SECONDS = os.environ.get("BENCH_SECONDS")  # of each load, instead of that number
LIMITED = {"GUNICORN_CMD_ARGS": "--worker-connections 2"}  # no more than its threads can handle
SETUPS = {
    label(1, 1): (1, 1, {}),
    label(1, 4): (1, 4, {}),
    label(2, 2): (2, 2, {}),
    f"{label(2, 2)}, `--worker-connections 2`": (2, 2, LIMITED),
    label(4, 1): (4, 1, {}),
    label(2, 4): (2, 4, {}),
}
SETTINGS = "probes/settings.py"
KEEPING = CHANGES | {SETTINGS: CHANGES[SETTINGS] + KEPT}  # persistent database connections
DATABASE = {"DATABASE_URL": "postgres://app:secret@db/app"}
VIEWS = {  # the view, and the requests per second
    "ms, queries for 5 ms": ("/query/0/5/", 80),
    "ms, queries for 50 ms": ("/query/0/50/", 60),
    "ms, computes 5 ms": ("/mixed/5/0/", 80),
    "ms, computes 5 ms and queries for 20 ms": ("/query/5/20/", 80),
}


@pytest.mark.parametrize("setup", SETUPS)
def bench_concurrency(build, docker, run, measured_row, postgres, setup):
    """Send requests for each kind of view at a fixed rate, which one CPU can serve."""
    docker.container.update(postgres.container.handle, cpuset_cpus="1")  # where the load comes from
    image, found = build(IMAGE, changes=KEEPING), []
    workers, threads, env = SETUPS[setup]
    for view, rate in VIEWS.values():
        options = {"env": DATABASE | env, "networks": [postgres.network]}
        container = started(run, image, workers, threads, **options)  # without a queue
        load = Generator(run, image, container)
        warm = load.closed("/query/1/1/", seconds=1, clients=8)
        assert warm.ok == warm.sent > 0
        found.append(load.open(view, seconds=float(SECONDS or REQUESTS / rate), rate=rate))
        load.end()

    row = [setup, *(round(result.p99) for result in found)]
    measured_row("workloads", ["setup", *VIEWS], row, [*SETUPS])
