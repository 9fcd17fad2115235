"""The measurements of docs/sizing.md: the page's first example, with several setups."""

import os

import pytest

from scenarios.mixed_load import CHANGES, IMAGE, label, started
from scenarios.steady_load import Generator, cpu_seconds

SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))  # of each load
SETUPS = [(1, 1), (1, 2), (1, 6), (2, 2), (3, 1), (3, 2), (3, 4)]
ORDER = [label(*setup) for setup in SETUPS]
VIEW = "/mixed/20/80/"  # 80 % waiting
PLANNED = 35  # what the script prints for one CPU and such views
CLIENTS, SLOW_CLIENTS = 16, 4


@pytest.mark.parametrize(("workers", "threads"), SETUPS)
def bench_sizing(build, run, measured_row, workers, threads):
    """Send the planned rate, then as many requests as possible, then some next to slow clients."""
    image = build(IMAGE, changes=CHANGES)
    name = label(workers, threads)

    def warm():  # without an earlier load's queue
        load = Generator(run, image, started(run, image, workers, threads))
        load.closed(VIEW, seconds=min(2, SECONDS), clients=workers)
        return load

    load = warm()
    planned = load.open(VIEW, seconds=SECONDS, rate=PLANNED)
    load.end()
    load = warm()
    before = cpu_seconds(load.container)
    most = load.closed(VIEW, seconds=SECONDS, clients=CLIENTS)
    cpu = (cpu_seconds(load.container) - before) / most.ok
    size = load.container.pss() / 1024
    load.end()
    load = warm()
    slow = load.next_to_slow_clients(VIEW, seconds=SECONDS / 2, rate=10, count=SLOW_CLIENTS)

    columns = ["setup", "ms (median)", "ms (99th percentile)"]
    measured_row("one-cpu", columns, [name, round(planned.p50), round(planned.p99)], ORDER)
    columns = [
        "setup",
        "requests per second at most",
        "MiB",
        "requests per second for 100 MiB",
        "ms of CPU time per request",
        f"lost next to {SLOW_CLIENTS} slow clients",
    ]
    rate = most.ok / most.seconds
    row = [name, round(rate), round(size), round(100 * rate / size), round(1000 * cpu, 1)]
    measured_row("one-cpu-cost", columns, [*row, f"{slow.lost} of {slow.sent}"], ORDER)
