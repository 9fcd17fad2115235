"""The measurements of docs/slow-clients.md."""

from scenarios.odd_clients import ALL_KINDS, SMALL_BUFFERS, THREADED, THREE_SECONDS, answers
from scenarios.worker_classes import ASGI, GEVENT_CLASS, GTHREAD, SYNC, with_gevent

KILLED = "WORKER TIMEOUT"
PATIENCE = 30


def bench_slow_clients(build, run, measured):
    """While two clients of a kind are connected, send a request to each class's only worker."""
    image = build(GTHREAD, changes=with_gevent("gunicorn[gevent]"))
    classes = {"`sync`": SYNC, "`gthread`": THREADED, "`gevent`": GEVENT_CLASS, "`asgi`": ASGI}
    rows = []
    for kind in ALL_KINDS:
        started = [
            run(image, *command, *THREE_SECONDS, sysctl=SMALL_BUFFERS)
            for command in classes.values()
        ]
        asked = [c.background.submit(answers, c, {kind: 2}, patience=PATIENCE) for c in started]
        waits = [answer.result()[0] for answer in asked]
        rows.append([kind, *map(shown, started, waits)])
    measured("waits", ["client", *classes], rows)


def shown(container, wait):
    """Format how long another client waits, and whether the worker is killed by then."""
    seconds = f"over {PATIENCE}" if wait is None else f"{wait:.1f}"
    return f"{seconds}, worker killed" if KILLED in container.logs() else seconds
