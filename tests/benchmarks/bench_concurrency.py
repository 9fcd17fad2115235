"""The measurements of docs/concurrency.md: workers and threads for four kinds of views."""

import os

import pytest

from scenarios.mixed_load import CHANGES, IMAGE, label, started
from scenarios.steady_load import Generator

SECONDS = float(os.environ.get("BENCH_SECONDS", "6"))  # of each load
SETUPS = [(1, 1), (1, 4), (2, 2), (4, 1), (2, 4)]
ORDER = [label(*setup) for setup in SETUPS]
VIEWS = {  # the view, and the requests per second
    "ms, waits 50 ms": ("/mixed/0/50/", 60),
    "ms, computes 5 ms": ("/mixed/5/0/", 80),
    "ms, computes 50 ms": ("/mixed/50/0/", 12),
    "ms, computes 5 ms and waits 20 ms": ("/mixed/5/20/", 80),
}


@pytest.mark.parametrize(("workers", "threads"), SETUPS)
def bench_concurrency(build, run, measured_row, workers, threads):
    """Send requests for each kind of view at a fixed rate, which one CPU can serve."""
    image, found = build(IMAGE, changes=CHANGES), []
    for view, rate in VIEWS.values():
        container = started(run, image, workers, threads)  # without an earlier load's queue
        load = Generator(run, image, container)
        load.closed("/mixed/1/1/", seconds=min(1, SECONDS), clients=8)  # to warm up
        found.append(load.open(view, seconds=SECONDS, rate=rate))
        load.end()

    row = [label(workers, threads), *(round(result.p99) for result in found)]
    measured_row("workloads", ["setup", *VIEWS], row, ORDER)
