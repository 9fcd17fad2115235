"""The measurement of docs/runserver.md: Django's server and Gunicorn, in the same image."""

from statistics import median

import httpx

from harness.container import wait_until
from scenarios.development import (
    EXEC_FORM,
    GUNICORN,
    LOCAL,
    READY,
    RUNSERVER,
    VIEWS,
    change_inside,
    text,
)

ROUNDS = 5
LOAD = """
import http.client, os, pathlib, re, time
CLIENTS, SECONDS = 2, 4
def cpu():
    ticks = 0
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        if re.search(b"manage.py|/gunicorn", (process / "cmdline").read_bytes()):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
read, write = os.pipe()
before, end = cpu(), time.monotonic() + SECONDS
for _ in range(CLIENTS):
    if not os.fork():
        count = 0
        while time.monotonic() < end:
            client = http.client.HTTPConnection("127.0.0.1", 8000)
            client.request("GET", "/health/")
            answer = client.getresponse()
            count += answer.status == 200 and answer.read() == b"ok"
            client.close()
        os.write(write, f"{count}\\n".encode())
        os._exit(0)
for _ in range(CLIENTS):
    os.wait()
requests = sum(map(int, os.read(read, 1000).split()))
print(requests / SECONDS, 1000 * (cpu() - before) / requests)
"""


def bench_runserver(build, run, measured):
    """Load each one in turn, so that all see the same machine; then change the code, then stop."""
    image = build(EXEC_FORM)
    commands = {
        "`runserver`": (RUNSERVER, READY),
        "`runserver --noreload`": ([*RUNSERVER, "--noreload"], READY),
        "Gunicorn": (GUNICORN, "Listening at"),
        "Gunicorn with `--reload`": ([*GUNICORN, "--reload"], "Listening at"),
        "Gunicorn, 2 workers of 2 threads": (
            [*GUNICORN, "--workers", "2", "--threads", "2"],
            "Listening at",
        ),
    }
    memories = {}
    for name, (command, ready) in commands.items():  # alone: others would share its libraries
        container = run(image, *command, env=LOCAL, ready=ready)
        container.exec("python", "-c", LOAD)
        memories[name] = round(container.pss() / 1024)
        container.remove()
    started = {
        name: run(image, *command, env=LOCAL, ready=ready)
        for name, (command, ready) in commands.items()
    }
    loads = {name: [] for name in started}
    for _ in range(ROUNDS):
        for name, container in started.items():
            loads[name].append(container.exec("python", "-c", LOAD).split())
    rows = []
    for name, container in started.items():
        rate, cpu = (median(map(float, numbers)) for numbers in zip(*loads[name], strict=True))
        numbers = [round(rate), round(cpu, 1), memories[name]]
        rows.append([name, *numbers, follows(container), *stop(container)])
    columns = ["server", "requests/s", "ms of CPU per request", "MiB"]
    ends = ["reloads changed code", "exit code", "request during the stop"]
    measured("servers", [*columns, *ends], rows)


def follows(container):
    """Return whether a changed view is served within ten seconds, without a restart."""
    change_inside(container, VIEWS, '"ok"', '"new view"')
    container.exec("sleep", "10")
    wait_until(lambda: text(container, "/health/"))
    return text(container, "/health/") == "new view"


def stop(container):
    """Stop during a request of 4 s, and return the exit code and the request's outcome."""
    container.get("/health/")
    response = container.start_get("/sleep/4/")
    container.exec("sleep", "1")
    stopped = container.stop()
    try:
        outcome = "completed" if response.result().text == "slept" else "failed"
    except httpx.TransportError:
        outcome = "lost"
    return stopped.exit_code, outcome
