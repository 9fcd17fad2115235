"""How many processes and threads a container runs."""

import re
import time

from harness.container import PATIENCE


def workers_that_boot(container):
    """Return the number of workers in the log, once the last one has had time to boot."""
    container.wait_for_log("Booting worker")
    time.sleep(2)
    return container.logs().count("Booting worker")


def threads_of_processes(container):
    """Return each process's number of threads, once both threads of each worker have served."""
    deadline = time.monotonic() + PATIENCE
    counts = []
    while min(counts[1:], default=0) < 3 and time.monotonic() < deadline:
        responses = [container.start_get("/sleep/0.2/", verify=False) for _ in range(24)]
        assert {response.result().text for response in responses} == {"slept"}
        status = container.exec("sh", "-c", "exec cat /proc/[0-9]*/status")
        threads = re.findall(r"(?ms)^Name:\s+gunicorn$.*?^Threads:\s+(\d+)$", status)
        counts = sorted(map(int, threads))
    return counts
