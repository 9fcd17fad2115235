"""The tables of docs/systemd.md: what clients notice of each change, and what a sandbox gains."""

import json

from harness import PROBES
from scenarios.systemd import ALONE, CLEAN, PLAIN, PORT

CHANGES = {
    "`systemctl reload`": ("systemctl reload shop", True),
    "`systemctl restart`": ("systemctl restart shop", True),
    "`systemctl restart`, without the socket unit": ("systemctl restart shop", False),
    "`systemctl kill --signal HUP`": ("systemctl kill --signal HUP shop", True),
    "main process killed": ("systemctl kill --kill-whom main --signal KILL shop", True),
}
CLIENTS = (PROBES / "clients.py").read_text()


def bench_clients(machine, measured):
    """Send requests of 20 ms from four clients with pauses of 50 ms, while the service changes."""
    rows = []
    for name, (change, with_socket) in CHANGES.items():
        machine.sh(CLEAN)
        if with_socket:
            machine.start(PORT)
        else:
            machine.start(ALONE, start="systemctl start shop.service")
        told = machine.exec("python", "-c", CLIENTS, *change.split())
        rows.append([name, *json.loads(told.splitlines()[-1])])
    measured("clients", ["change", "requests", "lost", "longest wait, s"], rows)


def bench_exposure(machine, measured):
    """Make systemd rate the service's exposure."""
    machine.install(PLAIN)
    alone = machine.exposure()
    machine.install()
    both = machine.exposure()
    rows = [["`shop.service`", alone], ["with `hardening.conf`", both]]
    measured("exposure", ["files", "exposure"], rows)
