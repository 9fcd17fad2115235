"""The tables of docs/systemd.md: what each change costs those who ask, and what a sandbox gains."""

import json

import test_systemd as page

machine = page.machine
CHANGES = {
    "`systemctl reload`": ("systemctl reload shop", True),
    "`systemctl restart`": ("systemctl restart shop", True),
    "`systemctl restart`, without the socket unit": ("systemctl restart shop", False),
    "`systemctl kill --signal HUP`": ("systemctl kill --signal HUP shop", True),
    "the main process killed": ("systemctl kill --kill-whom main --signal KILL shop", True),
}
CLIENTS = """
import http.client, json, subprocess, sys, threading, time
answers, over = [], threading.Event()
def ask():
    while not over.is_set():
        client, begun = http.client.HTTPConnection("127.0.0.1", 8000, timeout=60), time.monotonic()
        try:
            client.request("GET", "/sleep/0.02/", headers={"Host": "shop.example"})
            good = client.getresponse().status == 200
        except OSError:
            good = False
        client.close()
        answers.append((good, time.monotonic() - begun))
        time.sleep(0.05)
clients = [threading.Thread(target=ask) for _ in range(4)]
[client.start() for client in clients]
for _ in range(3):
    time.sleep(3)
    subprocess.run(sys.argv[1:])
    time.sleep(3)
over.set()
[client.join() for client in clients]
lost = [good for good, _ in answers].count(False)
print(json.dumps([len(answers), lost, round(max(waited for _, waited in answers), 1)]))
"""


def bench_clients(machine, measured):
    """Four clients ask for answers of 20 ms, with pauses of 50 ms, and the service is changed."""
    rows = []
    for name, (change, with_socket) in CHANGES.items():
        machine.sh(page.CLEAN)
        if with_socket:
            machine.start(page.PORT)
        else:
            machine.start(page.ALONE, start="systemctl start shop.service")
        told = machine.exec("python", "-c", CLIENTS, *change.split())
        rows.append([name, *json.loads(told.splitlines()[-1])])
    measured("clients", ["Change", "requests", "lost", "longest wait, s"], rows)


def bench_exposure(machine, measured):
    """Let systemd count what the service might do."""
    machine.install(page.PLAIN)
    alone = page.exposure(machine)
    machine.install()
    both = page.exposure(machine)
    rows = [["`shop.service`", alone], ["with `hardening.conf`", both]]
    measured("exposure", ["Files", "exposure"], rows)
