"""Measure an image of yours under load: docs/check-your-image.md.

It needs two CPUs: the container runs on one, and the load comes from the other.
uv run pytest tests/benchmarks/bench_your_image.py --image my/image:tag
"""

import os

from harness.contract.report import NOTES
from harness.contract.verdicts import require
from scenarios.steady_load import Generator, cpu_seconds

SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))  # of each load
CLIENTS, SHARE, GRACE = 16, 0.7, 30
OK = 200


def bench_responds_under_load(containers, pytestconfig):
    """Send one request after another, then as many as possible, then 70 % of these; then stop."""
    path = pytestconfig.option.path
    container = containers.start(cpuset_cpus=[0])
    status = container.get(path).status_code
    require(status == OK, f"{path} returns {status}, so choose a page with --path",
            "check-your-image.html#measure-the-image")  # fmt: skip
    start = cpu_seconds(container)

    def generator(_image, *command, ready, publish_all, **options: object):  # noqa: ARG001
        return containers.run(command, **options)

    port = int(containers.ports[0].partition("/")[0])
    load = Generator(generator, containers.image, container, port)
    load.closed(path, seconds=min(2, SECONDS), clients=CLIENTS)  # to warm up

    before = cpu_seconds(container)
    single = load.closed(path, seconds=SECONDS / 2, clients=1)
    cpu = (cpu_seconds(container) - before) / single.ok
    most = load.closed(path, seconds=SECONDS, clients=CLIENTS)
    rate = max(1, round(SHARE * most.ok / most.seconds))
    steady = load.open(path, seconds=SECONDS, rate=rate)
    memory, processes = container.pss() / 1024, len(container.top())
    stop, seconds = load.stopped(path, rate=rate, grace=GRACE)

    duration, busy = 1000 * single.seconds / single.ok, 1000 * cpu
    waiting = max(0, 1 - cpu * single.ok / single.seconds)
    percentiles = f"{steady.p50:.0f} ms (median), {steady.p99:.0f} ms (99th percentile)"
    pytestconfig.stash[NOTES] += [
        f"{start:.1f} s of CPU time to start",
        f"{memory:.0f} MiB in {processes} processes after the load",
        f"{duration:.1f} ms per request, {busy:.1f} ms of it CPU time; {waiting:.0%} is waiting",
        f"at most {most.ok / most.seconds:.0f} requests per second, from {CLIENTS} clients",
        f"at {rate} requests per second: {percentiles}, {steady.lost} of {steady.sent} lost",
        f"docker stop took {seconds:.1f} s, and cut {stop.cut} of {stop.sent} requests",
    ]
