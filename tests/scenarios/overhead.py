"""What an addition to the app image costs: the CPU time of a request with and without it."""

import os
from statistics import median

from harness.container import wait_until
from scenarios.servers import is_up
from scenarios.steady_load import Generator, cpu_seconds

SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))  # of each load
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
VIEW, CLIENTS = "/sleep/0/", 4  # Django's own work, and nothing else
ON_ONE_CPU = {"cpuset_cpus": [0]}  # another CPU sends the requests
COLUMNS = ["setup", "ms of CPU time per request", "ms more than in the first row"]


def overhead(run, setups):
    """Return a row for each setup: an image and a command by name; the first is the plain one.

    The setups take turns, and the median of the rounds counts, so that a slow moment of the
    machine does not fall on one of them.
    """
    loads = {name: _started(run, *setup) for name, setup in setups.items()}
    found = {name: [] for name in loads}
    for number in range(1 + ROUNDS):
        for name, load in loads.items():
            cost = _milliseconds(load)
            found[name] += [cost] if number else []  # the first round only warms up
    medians = {name: median(costs) for name, costs in found.items()}
    [plain, *_] = medians.values()
    return [[name, round(cost, 2), round(cost - plain, 2)] for name, cost in medians.items()]


def _started(run, image, *command):
    """Start a container, and the load next to it."""
    container = run(image, *command, **ON_ONE_CPU)
    container.wait_for_log("Booting worker", count=2)
    assert wait_until(lambda: is_up(container)), container.logs()
    return Generator(run, image, container)


def _milliseconds(load):
    """Return the CPU time that a request of one round costs the whole container."""
    before = cpu_seconds(load.container)
    result = load.closed(VIEW, seconds=SECONDS, clients=CLIENTS)
    assert result.lost == 0
    return 1000 * (cpu_seconds(load.container) - before) / result.ok
