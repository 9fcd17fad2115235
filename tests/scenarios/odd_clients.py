"""Clients that are slow, silent or do not close, next to an ordinary one."""

import json

from harness import PROBES
from scenarios.worker_classes import SYNC

TWO_THREADS = ["--threads", "2"]
THREADED = [*SYNC, *TWO_THREADS]
THREE_SECONDS = ["--timeout", "3"]
ALL_KINDS = [
    "says nothing",
    "sends half a request",
    "uploads slowly",
    "reads slowly",
    "does not close",
]
SMALL_BUFFERS = {"net.ipv4.tcp_wmem": "4096 4096 4096"}  # full immediately, as on a slow network
ODD_CLIENTS = (PROBES / "odd_clients.py").read_text()


def answers(container, counts, patience=60, stay=0, address=("127.0.0.1", 8000)):
    """Return how long another client waits during the odd clients' stay, and afterwards.

    The wait is None if it is longer than `patience`. The odd clients, `counts` of each
    kind, stay `stay` seconds longer than that.
    """
    container.wait_for_log("Booting worker")
    arguments = map(json.dumps, [*address, patience, stay, counts])
    return json.loads(container.exec("python", "-c", ODD_CLIENTS, *arguments))
