"""The measurements of docs/proxy.md."""

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from harness import PROBES
from scenarios.proxied import BY_DEFAULT, TEXT, Proxied

ASK = (PROBES / "rate.py").read_text()
REQUESTS = 2000
ROUNDS = 10
SECONDS = 6  # length of a round with two clients of slow requests and one of fast ones
FILES = {"`keepalive 0`, as in the file": TEXT, "default, persistent connections": BY_DEFAULT}


def bench_proxy(build, docker, run, measured, tmp_path):
    """Measure two workers with two threads, with the page's file and with nginx's default."""
    rows = []
    for name, conf in FILES.items():
        proxied = Proxied(docker, build, run, tmp_path)
        proxied.start(nginx={"text": conf})
        ask = ["python", "-c", ASK, "8080", "/health/", str(REQUESTS)]
        rates = [float(proxied.web.exec(*ask)) for _ in range(3)]
        shares = sorted(share_that_waits(proxied) for _ in range(ROUNDS))
        rows.append([name, round(median(rates)), round(median(shares)), round(shares[-1])])
    columns = ["nginx", "requests/s", "% delayed, median round", "% delayed, worst round"]
    measured("kept", columns, rows)


def share_that_waits(proxied):
    """Send fast requests while two clients use two of four threads."""
    end = time.monotonic() + SECONDS

    def repeat(path):
        seconds = []
        while time.monotonic() < end:
            seconds.append(proxied.get(path).elapsed.total_seconds())
            time.sleep(0.05)
        return seconds

    with ThreadPoolExecutor() as clients:
        for _ in range(2):
            clients.submit(repeat, "/sleep/1/")
        waits = clients.submit(repeat, "/health/").result()
    return 100 * sum(wait > 0.5 for wait in waits) / len(waits)
