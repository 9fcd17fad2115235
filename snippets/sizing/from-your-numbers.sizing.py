"""Print workers, threads, pool, connections and limits, with the reasons.

These are starting values for a load test, not results of one.
For the options, see --help.
"""

from argparse import ArgumentParser
from dataclasses import dataclass, field, fields
from math import ceil, floor

MOST_WORKERS = 12  # https://gunicorn.org/design/#how-many-workers
LEAST = 2  # workers and threads: one stays free for the health check
MOST_THREADS = 16  # beyond, the threads of a worker mostly wait for Python's GIL
POOL_THREADS = 4  # of psycopg's pool in each worker: three connect, one schedules
LEAST_PIDS = 64  # the limit in this guide's Compose file
BUSY = 0.7  # share of its capacity that a site uses, because queues grow above it
RESERVED = 3  # superuser_reserved_connections of PostgreSQL
HEAD = "CPU MiB waiting containers | workers threads pool connections update requests/s"
EXAMPLES = [
    {"cpus": 1, "memory": 512, "waiting": 0.8},
    {"cpus": 0.5, "memory": 256, "waiting": 0.8},
    {"cpus": 1, "memory": 512, "waiting": 0.2},
    {"cpus": 4, "memory": 256, "waiting": 0.8},
    {"cpus": 2, "memory": 2048, "waiting": 0.9, "containers": 4},
    {"cpus": 4, "memory": 4096, "waiting": 0.95, "containers": 4},
]


def given(text: str, default: float, least: float, most: float):
    """Return an input with its meaning, its default and its limits."""
    return field(default=default, metadata={"text": text, "least": least, "most": most})


@dataclass(frozen=True)
class Site:
    """What a container may use, and what its requests need."""

    cpus: float = given("CPU limit of a container", 1.0, 0.01, 1024)
    memory: int = given("memory limit of a container in MiB", 512, 1, 999999)
    worker: int = given("measured memory of a worker in MiB", 100, 1, 999999)
    waiting: float = given("share of a request that is spent waiting", 0.8, 0, 0.99)
    seconds: float = given("duration of a request in seconds", 0.1, 0.001, 3600)
    requests: float = given("requests per second to the whole site", 0.0, 0, 999999)
    containers: int = given("number of containers", 1, 1, 9999)
    tasks: int = given("number of task queue processes", 0, 0, 9999)
    max_connections: int = given("PostgreSQL's max_connections", 100, 4, 999999)

    @property
    def overlap(self) -> float:
        """Requests at the same time that keep one CPU busy, because the others wait."""
        return round(1 / (1 - self.waiting), 6)

    @property
    def useful(self) -> float:
        """Requests at the same time that keep all CPUs busy."""
        return round(self.cpus * self.overlap, 6)

    @property
    def by_memory(self) -> int:
        """Workers that the memory allows."""
        return self.memory // self.worker

    @property
    def by_formula(self) -> int:
        """Workers by the formula at https://gunicorn.org/design/#how-many-workers."""
        return floor(2 * self.cpus + 1)

    @property
    def by_waiting(self) -> int:
        """Workers that the requests can use, two at least."""
        return max(LEAST, ceil(self.useful))

    @property
    def workers(self) -> int:
        """The smallest limit, but one worker at least."""
        allowed = min(self.by_memory, self.by_formula, self.by_waiting)
        return max(1, min(allowed, MOST_WORKERS))

    @property
    def why_workers(self) -> str:
        """The limit that decides."""
        useful = f"{ceil(self.useful)} concurrent requests keep the CPUs busy"
        return (
            f"a worker needs {self.worker} of the container's {self.memory} MiB"
            if self.workers >= self.by_memory
            else f"2 x {self.cpus:.10g} CPU + 1 is Gunicorn's formula"
            if self.workers == self.by_formula
            else f"{useful}, and {LEAST} is least"
            if self.workers == self.by_waiting
            else f"more than {MOST_WORKERS} are rarely needed"
        )

    @property
    def threads(self) -> int:
        """Threads of a worker: together as many as are useful, and two at least."""
        return min(MOST_THREADS, max(LEAST, ceil(round(self.busy / self.workers, 6))))

    @property
    def busy(self) -> float:
        """The same as `useful`, but a worker computes on one CPU at a time."""
        return min(self.useful, round(self.workers * self.overlap, 6))

    @property
    def connections(self) -> int:
        """Connections to the database: one for each thread, one for each task."""
        return self.containers * self.workers * self.threads + self.tasks

    @property
    def update(self) -> int:
        """Connections while the old containers and the new ones run."""
        return 2 * self.connections

    @property
    def capacity(self) -> float:
        """Requests per second, at most, by Little's law."""
        slots = self.workers * self.threads
        return self.containers * min(self.busy, slots) / self.seconds

    @property
    def planned(self) -> float:
        """Requests per second to plan for in one container."""
        return BUSY * self.capacity / self.containers

    @property
    def needed(self) -> int:
        """Containers for the requests per second."""
        return ceil(round(self.requests / self.planned, 6))

    @property
    def pids(self) -> int:
        """Twice the processes and threads, because a reload starts new workers."""
        one = 1 + self.threads + POOL_THREADS
        return max(LEAST_PIDS, 2 * (1 + self.workers * one))

    @property
    def free(self) -> int:
        """Connections that PostgreSQL leaves to the project."""
        return self.max_connections - RESERVED

    @property
    def summary(self) -> str:
        """The most important results in one sentence."""
        workers = "1 worker" if self.workers == 1 else f"{self.workers} workers"
        return f"{workers} with {self.threads} threads each"

    @property
    def results(self) -> list[tuple[str, str]]:
        """Return each result, and its reason."""
        return [
            (f"WEB_CONCURRENCY={self.workers}", f"because {self.why_workers}"),
            (
                f"threads={self.threads}",
                (
                    f"because {ceil(self.busy)} concurrent requests keep {self.workers}"
                    f" workers busy; a worker has {LEAST} to {MOST_THREADS} threads"
                ),
            ),
            (
                f"max_size={self.threads}",
                "because each thread uses one connection of the pool",
            ),
            (
                f"pids_limit={self.pids}",
                "because threads count as processes, and a reload runs twice as many",
            ),
            (
                f"{self.connections} connections",
                (
                    f"because {self.containers} x {self.workers} x {self.threads}"
                    f" threads and {self.tasks} tasks use one each"
                ),
            ),
            (
                f"{self.update} during an update",
                (
                    "because old and new containers run at the same time; PostgreSQL"
                    f" allows {self.free}: "
                    f"{'enough' if self.update <= self.free else 'use PgBouncer'}"
                ),
            ),
            (
                f"{floor(round(self.capacity, 6))} requests/s at most",
                (
                    f"because a request takes {self.seconds:.10g} s"
                    f"; plan for {floor(round(BUSY * self.capacity, 6))}"
                ),
            ),
            (
                f"{self.needed} containers" if self.requests else "containers: unknown",
                f"because the site gets {self.requests:.10g} requests/s"
                if self.requests
                else "because the number of requests per second is 0",
            ),
        ]

    @property
    def files(self) -> list[tuple[str, str]]:
        """Return the files to save, or the lines to add to them."""
        size = 'DATABASES["default"]["OPTIONS"]["pool"]["max_size"]'
        return [
            (
                "compose.override.yaml",
                (
                    "services:\n  web:\n"
                    f"    cpus: {self.cpus:.10g}\n"
                    f"    mem_limit: {self.memory}m\n"
                    f"    memswap_limit: {self.memory}m\n"
                    f"    pids_limit: {self.pids}\n"
                    f"    environment: {{WEB_CONCURRENCY: {self.workers}}}\n"
                ),
            ),
            (
                "gunicorn.conf.py",
                (
                    "# Remove --threads from the CMD, because it overrides this file.\n"
                    f"threads = {self.threads}\n"
                ),
            ),
            (
                "settings.py",
                f"{size} = {self.threads}\n",
            ),
        ]

    def row(self) -> str:
        """Return the line of a table."""
        shown = f"{self.cpus:3g} {self.memory:4} {self.waiting:7.0%}"
        shown += f" {self.containers:10}"
        found = f"{self.workers:7} {self.threads:7} {self.threads:4}"
        database = f"{self.connections:11} {self.update:6}"
        return f"{shown} | {found} {database} {floor(round(self.capacity, 6)):10}"


def main() -> None:
    """Read the options, and print the results and the files."""
    parser = ArgumentParser(description=__doc__)
    for item in fields(Site):
        option, kind = f"--{item.name.replace('_', '-')}", type(item.default)
        text = item.metadata["text"]
        parser.add_argument(option, type=kind, default=item.default, help=text)
    parser.add_argument("--examples", action="store_true", help="print a table instead")
    values = vars(parser.parse_args())
    if values.pop("examples"):
        print("\n".join([HEAD, *(Site(**example).row() for example in EXAMPLES)]))
        return
    for item in fields(Site):
        least, most = item.metadata["least"], item.metadata["most"]
        if not least <= values[item.name] <= most:
            option = item.name.replace("_", "-")
            parser.error(f"--{option} must be a number from {least:g} to {most:g}")
    site = Site(**values)
    for what, why in site.results:
        print(f"{what}: {why}")
    for name, text in site.files:
        print(f"\n{name}\n{text}", end="")


if __name__ == "__main__":
    main()
