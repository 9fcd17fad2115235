"""Derive the number of workers from the container's limits, and log the reason."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
MOST = 12  # raise it if a load test shows that more workers help
MIB_FOR_EACH = 100  # measure what a worker of yours needs under load


def numbers(*files):
    """Return the numbers in these files; none if a file is missing or has no limit."""
    try:
        words = [(CGROUP / file).read_text() for file in files]
        return [int(word) for word in " ".join(words).split()]
    except (OSError, ValueError):
        return []


def candidates():
    """Return the number of workers that each limit allows, and the limit's name."""
    cores = len(os.sched_getaffinity(0))
    found = [(MOST, f"MOST = {MOST}"), (2 * cores + 1, f"{cores} cores")]
    for files in ["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]:
        quota, period = numbers(*files) or (0, 0)
        if quota > 0:
            cpus = quota / period
            found.append((int(2 * cpus + 1), f"{cpus:g} CPU in {CGROUP / files[0]}"))
    for file in "memory.max", "memory/memory.limit_in_bytes":
        for limit in numbers(file):
            mib = limit // 2**20
            found.append((mib // MIB_FOR_EACH, f"{mib} MiB in {CGROUP / file}"))
    return found


if "WEB_CONCURRENCY" in os.environ:
    workers, reason = int(os.environ["WEB_CONCURRENCY"]), "WEB_CONCURRENCY"
else:
    workers, reason = min(candidates())
    workers = max(workers, 1)


def on_starting(server):
    """Log the number of workers, and what decided it."""
    stronger = "GUNICORN_CMD_ARGS or a flag"
    decided = reason if server.cfg.workers == workers else stronger
    server.log.info("Workers: %s, because of %s", server.cfg.workers, decided)
