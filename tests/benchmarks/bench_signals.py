"""The tables of docs/signals.md: each way to start Gunicorn, stopped with requests in progress."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePath

import httpx

from scenarios.init_programs import BASH, EXEC_FORM, GROUP, LINE, SH, WITH_DUMB_INIT

LIST = LINE.split()
PORT = "gunicorn core.wsgi --bind 0.0.0.0:${PORT:-8000} --no-control-socket"
SCRIPT = "signals/exec-in-script.Dockerfile"
OUTCOME = ["PID 1", "seconds", "exit code", "request in progress", "request 8 s later"]
SIDE_BY_SIDE = 3


def bench_signals(build, run, measured):
    """Stop each like `docker stop`, with a request of 4 s in progress and another one 8 s later."""
    image = build(EXEC_FORM, **WITH_DUMB_INIT)
    with_exec = build(SCRIPT, files=["signals/exec-in-script.entrypoint.sh"])
    starts = {
        'CMD ["gunicorn", …]': [image, *LIST],
        "CMD gunicorn …": [image, *SH, LINE],
        "CMD gunicorn … ${PORT:-8000}": [image, *SH, PORT],
        "CMD NAME=value gunicorn …": [image, *SH, f"NAME=value {LINE}"],
        "CMD other && gunicorn …": [image, *SH, f"true && {LINE}"],
        "CMD other; gunicorn …": [image, *SH, f"true; {LINE}"],
        "CMD gunicorn … | other": [image, *SH, f"{LINE} | cat"],
        "CMD exec gunicorn …": [image, *SH, f"exec {LINE}"],
        "CMD other && exec gunicorn …": [image, *SH, f"true && exec {LINE}"],
        "script, gunicorn …": [image, "./entrypoint.sh"],
        "script, exec gunicorn …": [with_exec],
        "bash -c, gunicorn …": [image, *BASH, LINE],
        "bash -c, other && gunicorn …": [image, *BASH, f"true && {LINE}"],
        "bash -c, other; gunicorn …": [image, *BASH, f"true; {LINE}"],
        "bash -c, gunicorn … | other": [image, *BASH, f"{LINE} | cat"],
    }
    inits = {
        "--init": ([], {"init": True}),
        "--init, whole group": ([], {"init": True, "env": GROUP}),
        "dumb-init": (["dumb-init"], {}),
        "dumb-init --single-child": (["dumb-init", "--single-child"], {}),
    }
    under = {"exec form": LIST, "shell form": [*SH, LINE], "script": ["./entrypoint.sh"]}
    pairs = {(init, start): None for start in under for init in inits}

    def stop(command, options):
        container = run(*command, **options)
        first = PurePath(container.top()[0].split()[0]).name
        under_way = container.start_sleep(4)
        stopping = container.background.submit(container.stop)
        time.sleep(8)
        later = container.start_get("/sleep/4/")
        stopped = stopping.result()
        return ["gunicorn" if first.startswith("python") else first, round(stopped.seconds, 1),
                stopped.exit_code, outcome(under_way), outcome(later)]  # fmt: skip

    def stop_under(pair):
        prefix, options = inits[pair[0]]
        return stop([image, *prefix, *under[pair[1]]], options)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        ends = pool.map(lambda command: stop(command, {}), starts.values())
        starts = [[name, *end] for name, end in zip(starts, ends, strict=True)]
        ends = pool.map(stop_under, pairs)
        inits = [[init, start, *end[1:]] for (init, start), end in zip(pairs, ends, strict=True)]
    measured("start-lines", ["command", *OUTCOME], starts)
    measured("inits", ["init", "command", *OUTCOME[1:]], inits)


def outcome(response):
    """Return how a request ended: completed, cut, or refused because nothing listens anymore."""
    try:
        return "completed" if response.result().status_code == 200 else "failed"
    except httpx.ConnectError:
        return "refused"
    except httpx.TransportError:
        return "lost"
