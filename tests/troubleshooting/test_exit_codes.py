"""The proofs of docs/troubleshooting/exit-codes.md."""

import os
import re
import socket
import subprocess

import pytest

from harness import PROJECT, engine
from harness.container import wait_until

PAGE = (PROJECT.parent.parent / "docs/troubleshooting/exit-codes.md").read_text()
SHELL = ["sh", "-c", "gunicorn core.wsgi --no-control-socket; true"]
GUNICORN = ["gunicorn", "core.wsgi"]
ENDS = {
    1: [*GUNICORN, "--worker-class", "gthreads"],
    2: [*GUNICORN, "--no-such-option"],
    3: ["gunicorn", "nosuch.wsgi"],
    4: ["gunicorn", "core.wsgi:nosuch"],
    126: ["/etc/hostname"],
    127: ["gunicorm"],
    139: ["python", "-c", "import ctypes; ctypes.string_at(0)"],
    255: [*GUNICORN, "--worker-tmp-dir", "/nosuch"],
}
ORPHAN = "(sleep 1; exit 3) > /dev/null 2>&1 &"
NAMES = ["sh", "-c", "cat /proc/[0-9]*/comm || true"]
LIMIT = "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (3, 3))"
HOOK = f"def post_worker_init(worker): {LIMIT}"
WITHOUT_FILES = f"echo '{HOOK}' > /tmp/c.py; exec gunicorn core.wsgi -c /tmp/c.py -b 0.0.0.0:8000"
DEMO = ["gunicorn", "wsgiref.simple_server:demo_app", "--bind", "0.0.0.0:8000"]
STOPPED = {0: {}, 137: {"command": SHELL}, 143: {"command": SHELL, "init": True}}


@pytest.mark.cgroup
@pytest.mark.parametrize("code", [*ENDS, 125, *STOPPED])
def test_exit_code_has_its_cause(plain_image, run, docker, replay, code):
    """Commands that exit by themselves, a wrong Docker option, and three stopped containers."""
    if code in STOPPED:
        options = dict(STOPPED[code])
        container = run(plain_image, *options.pop("command", []), **options)
        container.wait_for_log("Booting worker")
        if code == 0:
            container.get("/health/")  # a worker that has not served yet is killed
        found = container.stop(grace=1 if code == 137 else 10).exit_code
    else:
        found = end_of(docker, plain_image, ENDS.get(code, []), "none" if code == 125 else "1g")

    assert found == code
    assert re.search(rf"(?m)^\| {code} \|", PAGE)
    if code == 137:
        replay("troubleshooting/exit-codes/line.console", web=container.handle.id)


def test_init_keeps_orphans_from_an_older_gunicorn(build, run):
    """A process other than a worker exits with 3 under Docker's init; Gunicorn 23 keeps serving."""
    image = build("signals/exec-form.Dockerfile", requirements={"gunicorn": "23.0.0"})
    container = run(image, *DEMO, init=True)
    container.wait_for_log("Booting worker")
    container.exec("sh", "-c", ORPHAN)

    assert wait_until(lambda: "sleep" not in container.exec(*NAMES))
    assert container.get().status_code == 200
    assert "exited with code" not in container.logs()


def test_exception_after_the_start_is_code_255(small_image, run):
    """Once the worker has started, it may not open any further file, so it accepts no client."""
    container = run(small_image, "sh", "-c", WITHOUT_FILES)
    container.wait_for_log("Booting worker")

    with socket.create_connection(("127.0.0.1", int(container.ports[0]))):
        container.wait_for_log("exited with code 255")

    assert "Traceback" in container.logs().partition("exited with code 255")[0]


def end_of(docker, image, command, memory):
    """Run a command in an image until it ends, and return the exit code of Docker's client."""
    line = [*docker.client_config.docker_cmd, "run", "--rm", "--memory", memory]
    line += ["--label", f"{engine.LABEL}={os.environ['PROOFS_RUN']}", "--env", "SECRET_KEY=x"]
    return subprocess.run([*line, image, *command], check=False, capture_output=True).returncode
