"""The measurements of docs/servers.md: one row for each server, so that a run can be continued."""

import os

import pytest

from scenarios.servers import (
    COLUMNS,
    COMMANDS,
    NAMES,
    SMALL,
    look,
    started,
)
from scenarios.steady_load import Generator, cpu_seconds

each = pytest.mark.parametrize("name", COMMANDS)
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))  # of each load: 1000 requests at RATE
CLIENTS, RATE = 16, 100
GRACE = 20  # more than any server needs to finish its requests
PLAIN, WAITING = "/health/", "/sleep/0.05/"


@each
def bench_behavior(image_of, run, measured_row, name):
    """Record what the server does; this does not need a quiet machine."""
    image = image_of(name, SMALL)

    measured_row("behavior", COLUMNS, look(run, image, name), list(NAMES.values()))


@each
def bench_speed(image_of, run, measured_row, name):
    """Load the server on one CPU from another CPU; then stop it under load."""
    image = image_of(name)
    order, label = list(NAMES.values()), NAMES[name]
    container = started(run, image, name, cpuset_cpus=[0])
    start = cpu_seconds(container)
    load = Generator(run, image, container)
    load.closed(PLAIN, seconds=min(2, SECONDS), clients=CLIENTS)  # to warm up

    before = cpu_seconds(container)
    plain = load.closed(PLAIN, seconds=SECONDS, clients=CLIENTS)
    cpu = (cpu_seconds(container) - before) / plain.ok
    size = container.pss() / 1024
    waiting = load.open(WAITING, seconds=SECONDS, rate=RATE)
    load.end()
    load = Generator(run, image, started(run, image, name, cpuset_cpus=[0]))  # without a queue
    stop, seconds = load.stopped(WAITING, rate=RATE, grace=GRACE)

    columns = ["server", "requests per second"]
    measured_row("throughput", columns, [label, round(plain.ok / plain.seconds)], order)
    columns = ["server", "ms of CPU time per request", "s of CPU time to start", "MiB"]
    row = [label, round(1000 * cpu, 2), round(start, 1), round(size)]
    measured_row("cost", columns, row, order)
    columns = ["server", "ms (median)", "ms (99th percentile)", "without a response"]
    row = [label, round(waiting.p50), round(waiting.p99), f"{waiting.lost} of {waiting.sent}"]
    measured_row("latency", columns, row, order)
    columns = ["server", "cut requests", "seconds to exit"]
    measured_row("stop", columns, [label, stop.cut, round(seconds, 1)], order)
