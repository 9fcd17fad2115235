"""The measurements of docs/worker-class.md."""

from scenarios.worker_classes import (
    ALONE,
    ASGI,
    GEVENT_CLASS,
    GTHREAD,
    SYNC,
    seconds_for,
    with_gevent,
)


def bench_worker_class(build, run, measured):
    """Send twenty concurrent requests of a second to one worker of each class."""
    image = build(GTHREAD, changes=with_gevent("gunicorn[gevent]"))
    commands = {
        "`sync`": SYNC,
        "`gthread`": ALONE,
        "`gthread`, 2 threads": [*ALONE, "--threads", "2"],
        "`gthread`, 20 threads": [*ALONE, "--threads", "20"],
        "`gevent`": GEVENT_CLASS,
        "`asgi`": ASGI,
    }
    containers = {name: run(image, *command) for name, command in commands.items()}
    rows = [
        [name, round(seconds_for(20, "/sleep/1/", container), 1)]
        for name, container in containers.items()
    ]
    measured("twenty-requests", ["class", "seconds"], rows)
