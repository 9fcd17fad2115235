"""Print workers, threads, pool and connections for a container, and the reason for each.

Start values for a load test, not results of one. All inputs are options: see --help.
"""

from argparse import ArgumentParser
from dataclasses import dataclass
from math import ceil, floor

MOST_WORKERS = 12  # https://gunicorn.org/design/#how-many-workers
LEAST = 2  # workers and threads: one stays free for the health check
MOST_THREADS = 16  # beyond, the threads of a worker mostly wait for Python's GIL
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


@dataclass(frozen=True)
class Site:
    """What a container may use, and what its requests need."""

    cpus: float = 1.0  # limit of one container
    memory: int = 512  # limit of one container in MiB
    worker: int = 100  # measured MiB of a worker under load
    waiting: float = 0.8  # share of a request that waits for something else
    seconds: float = 0.1  # that a request takes
    requests: float = 0.0  # in a second, for the whole site
    containers: int = 1
    tasks: int = 0  # processes of task queues and schedulers
    max_connections: int = 100

    @property
    def overlap(self) -> float:
        """Requests at the same time that keep one CPU busy, because the others wait."""
        return round(1 / (1 - self.waiting), 6)

    @property
    def useful(self) -> float:
        """Requests at the same time that keep the CPUs busy: each one computes in turn."""
        return self.cpus * self.overlap

    @property
    def limits(self) -> list[tuple[int, str]]:
        """Return how many workers each limit allows, and its name."""
        return [
            (self.memory // self.worker, f"{self.memory} MiB / {self.worker} MiB"),
            (floor(2 * self.cpus + 1), f"2 x {self.cpus:g} CPU + 1"),
            (max(LEAST, ceil(self.useful)), f"{self.useful:.3g} requests use the CPU up"),
            (MOST_WORKERS, f"at most {MOST_WORKERS}"),
        ]

    @property
    def workers(self) -> int:
        """The smallest limit, but one worker at least."""
        return max(1, min(self.limits)[0])

    @property
    def threads(self) -> int:
        """Threads of a worker: together as many as are useful, and two at least."""
        return min(MOST_THREADS, max(LEAST, ceil(self.busy / self.workers)))

    @property
    def busy(self) -> float:
        """The same as `useful`, but a worker computes on one CPU at a time."""
        return min(self.useful, self.workers * self.overlap)

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
        """Requests in a second, at most: what the CPUs compute and what threads wait for."""
        slots = self.workers * self.threads
        return self.containers * min(self.busy, slots) / self.seconds

    @property
    def needed(self) -> int:
        """Containers for the requests in a second, with a margin."""
        return ceil(self.requests * self.containers / (BUSY * self.capacity))

    def row(self) -> str:
        """Return the line of a table."""
        left = f"{self.cpus:3g} {self.memory:4} {self.waiting:7.0%} {self.containers:10}"
        right = f"{self.workers:7} {self.threads:7} {self.threads:4} {self.connections:11}"
        return f"{left} | {right} {self.update:6} {self.capacity:10.0f}"

    def lines(self) -> list[str]:
        """Return one line for each result, with its reason."""
        most = self.max_connections - RESERVED
        fits = "fits" if self.update <= most else "too many: use PgBouncer"
        threads = f"{self.busy:.3g} useful requests / {self.workers} workers, at least 2"
        found = [
            f"WEB_CONCURRENCY={self.workers}  because of {min(self.limits)[1]}",
            f"--threads {self.threads}  {threads}",
            f"max_size {self.threads}  the pool is as large as the threads",
            f"connections {self.connections}, in an update {self.update} of {most}: {fits}",
            f"requests/s {self.capacity:.0f} at most, {BUSY * self.capacity:.0f} planned",
        ]
        if self.requests:
            found.append(f"containers {self.needed}  for {self.requests:g} requests/s")
        return found


def main() -> None:
    """Read the options, and print the lines."""
    parser = ArgumentParser(description=__doc__)
    for name, default in vars(Site()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--examples", action="store_true", help="print a table instead")
    given = vars(parser.parse_args())
    if given.pop("examples"):
        print("\n".join([HEAD, *(Site(**example).row() for example in EXAMPLES)]))
        return
    if not 0 <= given["waiting"] < 1:
        parser.error("--waiting is a share from 0 to 0.99")
    for name in ("cpus", "memory", "worker", "seconds", "containers"):
        if given[name] <= 0:
            parser.error(f"--{name} must be more than 0")
    print("\n".join(Site(**given).lines()))


if __name__ == "__main__":
    main()
