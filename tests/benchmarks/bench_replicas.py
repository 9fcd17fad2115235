"""What four workers cost in four containers, in two, in one, and with a preloaded app."""

import re

from scenarios.memory import ask
from scenarios.replicas import serve

SETUPS = [
    ("4 containers of 1 worker", 4, 1, ""),
    ("2 containers of 2 workers", 2, 2, ""),
    ("1 container of 4 workers", 1, 4, ""),
    ("1 container of 4 workers, preload", 1, 4, "--preload"),
]


def bench_replicas(app_image, run, measured):
    """Start each setup, send every worker a hundred requests, and stop it."""
    columns = ["setup", "MiB under load", "CPU seconds to start"]
    rows = [[name, *costs(app_image, run, *setup)] for name, *setup in SETUPS]

    measured("four-workers", columns, rows)


def costs(image, run, count, workers, flags):
    """Return the MiB of all processes under load, and the CPU seconds that they used before."""
    containers = [serve(run, image, workers, flags) for _ in range(count)]
    for container in containers:
        container.get("/health/")
        container.get("/sleep/10/")  # until the other workers have loaded too
    computed = sum(map(processor, containers))
    for container in containers:
        ask(container, "/", 100 * workers)
    pss = sum(container.pss() for container in containers)
    for container in containers:
        container.stop()  # otherwise the next ones share their files with these
    return round(pss / 1024), round(computed, 1)


def processor(container):
    """Return the CPU seconds of all of its processes."""
    ran = container.exec("sh", "-c", "cat /proc/[0-9]*/task/*/schedstat")
    return sum(map(int, re.findall(r"(?m)^(\d+) ", ran))) / 1e9
