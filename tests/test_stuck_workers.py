"""The proofs of docs/stuck-workers.md."""

import re
import shutil
import socket
import subprocess
from contextlib import contextmanager

import pytest

from harness import SNIPPETS
from harness.container import wait_until
from harness.texts import edited
from scenarios.worker_classes import ALONE, ASGI, GEVENT_CLASS, GTHREAD, SYNC, with_gevent

FOLDER = "stuck-workers"
PY_SPY = f"{FOLDER}/dump.py-spy.Dockerfile"
STACKS = f"{FOLDER}/stacks.gunicorn.conf.py"
CONF = (SNIPPETS / STACKS).read_text()
LIMITS = (SNIPPETS / f"{FOLDER}/limits.settings.py").read_text()
SHOP = 'ROOT_URLCONF = "shop.views"\n'
CLASSES = {"sync": SYNC, "gthread": ALONE, "gevent": GEVENT_CLASS, "asgi": ASGI}
SIGNAL = ["sh", "-c", "kill -USR2 $(cat /proc/1/task/1/children)"]
LOOK_INSIDE = """
import sys
with open("/tmp/dump.py", "w") as script:
    script.write("import faulthandler; faulthandler.dump_traceback()")
sys.remote_exec(int(open("/proc/1/task/1/children").read()), "/tmp/dump.py")
"""
BODY = b"POST /upload/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nhalf"
# What a view waits for, and the file in the lines above it.
WAITS = {
    "price": "/http/client.py",
    "query": "/psycopg/",
    "event": "/threading.py",
    "upload": "/gunicorn/http/",
}


@contextmanager
def serving_price(serving):
    """Run one worker with the page's file, and a thread that waits for another service."""
    with serving(SHOP, "--workers", "1", config=CONF) as container:
        container.wait_for_log("Booting worker")
        container.get("/health/")
        container.begin(lambda: container.start_get("/price/"))
        yield container


@pytest.fixture(scope="module")
def waiting(serving):
    """Share such a worker, whose log only the page's command adds to."""
    with serving_price(serving) as container:
        yield container


@pytest.fixture(scope="module")
def py_spy(build):
    """Return the image of the page's Dockerfile."""
    return build(PY_SPY)


@pytest.fixture(scope="module")
def with_classes(build):
    """Return an image that has every worker class, and the page's file next to manage.py."""
    return build(GTHREAD, changes=with_gevent("gunicorn[gevent]") | {"gunicorn.conf.py": CONF})


def test_debug_container_shows_where_a_worker_waits(waiting, py_spy, replay, tmp_path, builder):
    """The worker was not prepared for it; the Dockerfile is built as the page says."""
    shutil.copy(SNIPPETS / PY_SPY, tmp_path / "py-spy.Dockerfile")
    tag = builder.tag("py-spy")

    replay(f"{FOLDER}/build.console", cwd=tmp_path, **{"py-spy": tag})
    replay(f"{FOLDER}/py-spy.console", **{"web": waiting.handle.id, "py-spy": py_spy})


def test_debug_container_needs_both_options(waiting, py_spy, docker):
    """Without either option, py-spy exits with an error, and the error says what is missing."""
    pid = ["--pid", f"container:{waiting.handle.id}"]

    assert "permission denied" in failed(docker, py_spy, *pid).lower()
    assert "Failed to find python" in failed(docker, py_spy, "--cap-add", "SYS_PTRACE")


def test_signal_logs_where_a_worker_waits(waiting, replay):
    """The command is the page's, and the worker serves other requests afterwards."""
    replay(f"{FOLDER}/stacks.console", web=waiting.handle.id)

    assert waiting.get("/health/").text == "ok"


def test_python_314_shows_where_gthread_waits(serving):
    """The main thread runs the script, though another thread waits."""
    with serving_price(serving) as waiting:  # its own log, as the page's command reads a whole one
        waiting.exec("python", "-c", LOOK_INSIDE)

        waiting.wait_for_log("in price")


@pytest.mark.parametrize("name", CLASSES)
def test_signal_leaves_every_worker_class_serving(with_classes, run, name):
    """An idle worker of each class logs its stacks, and its next response is a 200."""
    container = run(with_classes, *CLASSES[name])
    container.wait_for_log("Booting worker")
    assert container.get("/health/").text == "ok"

    container.exec(*SIGNAL)

    container.wait_for_log("(most recent call first)")
    assert container.get("/health/").text == "ok"
    assert container.logs().count("Booting worker") == 1


def test_signal_kills_a_worker_without_the_file(build, run):
    """The same signal, with the image of the other pages."""
    container = run(build(GTHREAD))
    container.get("/health/")

    container.exec(*SIGNAL)

    log = container.wait_for_log("Booting worker", count=2)
    assert "was sent SIGUSR2!" in log


def test_gevent_shows_only_the_request_that_runs(with_classes, run):
    """A request sleeps: the stack is the event loop's, and the view is in no stack."""
    container = run(with_classes, *GEVENT_CLASS)
    container.start_sleep(600)

    container.exec(*SIGNAL)

    assert "gevent/hub.py" in container.wait_for_log("gevent/hub.py")
    assert "core/views.py" not in container.logs()


def test_file_logs_where_c_code_is_stuck(with_classes, build, run):
    """A regular expression holds the GIL: with the file, the log shows the view that runs it.

    Without the file it does not, not even with PYTHONFAULTHANDLER.
    """
    flags = [*ALONE, "--timeout", "2"]
    with_file = run(with_classes, *flags)
    without = run(build(GTHREAD), *flags, env={"PYTHONFAULTHANDLER": "1"})
    for container in (with_file, without):
        container.wait_for_log("Booting worker")
        container.get("/health/")
        container.begin(lambda: container.start_get("/hold-gil/60/"))  # noqa: B023

    logs = [c.wait_for_log("Booting worker", count=2) for c in (with_file, without)]
    assert all("was sent SIGKILL! Perhaps out of memory?" in log for log in logs)
    assert 're/__init__.py", line' in logs[0]
    assert 'core/views.py", line' in logs[0]
    assert "in hold_gil" in logs[0]
    assert "hold_gil" not in logs[1]


def test_lines_above_your_code_say_what_a_thread_waits_for(serve):
    """Five views wait in one worker; the signal shows each with the files of its row above it."""
    container = serve(SHOP, "--workers", "1", "--threads", "8", config=CONF)
    container.wait_for_log("Booting worker")
    container.get("/health/")
    for name in ("price", "query", "event", "lock"):
        container.begin(lambda: container.start_get(f"/{name}/"))  # noqa: B023
    with socket.create_connection(("127.0.0.1", int(container.ports[0]))) as client:
        client.sendall(BODY)
        stacks = wait_until(lambda: stacks_of(container, count=5))

    for name, file in WAITS.items():
        assert file in stacks[name], name
    assert stacks["lock"] == ""


def test_limits_end_what_waits(serve):
    """With a timeout in the call and the page's settings, both requests end with a 500."""
    limits = edited(LIMITS, {"statement_timeout=20s": "statement_timeout=1s"})
    container = serve(SHOP + limits, "--workers", "1")

    assert container.get("/price/1/", timeout=60).status_code == 500
    assert container.get("/query/", timeout=60).status_code == 500
    container.wait_for_log("TimeoutError: timed out")
    container.wait_for_log("canceling statement due to statement timeout")


def failed(docker, image, *options):
    """Return what the page's command prints with other options, after it failed."""
    command = [*map(str, docker.client_config.docker_cmd), "run", "--rm", *options, image]
    command += ["dump", "--pid", "1", "--subprocesses"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode != 0
    return done.stdout + done.stderr


def stacks_of(container, count):
    """Send the signal, and return what is above each view in the stacks, once all views wait."""
    before = len(container.logs())
    container.exec(*SIGNAL)
    found = {}
    for stack in container.logs()[before:].split("\n\n"):
        view = re.search(r'(?m)^ +File "/app/shop/views\.py", line \d+ in (\w+)$', stack)
        if view:
            found[view[1]] = stack[: view.start()].partition("call first):\n")[2]
    return found if len(found) == count and "Thread" in container.logs()[before:] else None
