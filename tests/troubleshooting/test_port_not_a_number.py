"""The proofs of docs/troubleshooting/port-not-a-number.md."""

import pytest

from harness import ROOT

ENTRY = "troubleshooting/port-not-a-number"
PORT = {"PORT": "8001"}
GET = (ROOT / "tests/probes/get.py").read_text()
SHELL = ["sh", "-c", "exec gunicorn core.wsgi --bind 0.0.0.0:${PORT:-8000}"]


@pytest.mark.parametrize(("port", "seen"), [("$PORT", "$PORT"), ("${PORT:-8000}", "${PORT")])
def test_variable_in_exec_form_is_not_expanded(plain_image, run, replay, port, seen):
    """The variable is set, but the command is a list, as in exec form."""
    command = ["gunicorn", "core.wsgi", "--bind", f"0.0.0.0:{port}"]
    container = run(plain_image, *command, env=PORT, ready=f"'{seen}' is not a valid port number.")

    assert container.exit_code == 1
    if port == "$PORT":
        replay(f"{ENTRY}/line.console", web=container.handle.id)
        replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_shell_with_exec_expands_the_port(plain_image, run):
    """Gunicorn is PID 1, listens on the variable's port, and stops at SIGTERM."""
    container = run(plain_image, *SHELL, env=PORT, ready="Listening at: http://0.0.0.0:8001")
    container.exec("python", "-c", GET, "http://127.0.0.1:8001/health/")  # a worker hears signals

    assert "/gunicorn core.wsgi" in container.top()[0]
    assert container.stop().exit_code == 0
    container.wait_for_log("Handling signal: term")


@pytest.mark.parametrize(
    ("bind", "value", "seen"),
    [
        (":$WEB_PORT", "", ""),
        ("0.0.0.0:$WEB_PORT", "tcp://10.43.223.199:8000", "tcp"),
        ("[::]:$WEB_PORT", "tcp://10.43.223.199:8000", "tcp://10.43.223.199:8000"),
        ("127.0.0.1:/run/web.sock", "", "/run/web.sock"),
    ],
)
def test_value_that_is_no_port_is_shown(inside, plain_image, bind, value, seen):
    """A shell expands the variable, which is empty or has a value from Kubernetes."""
    command = f"gunicorn core.wsgi --bind {bind}"
    done = inside(plain_image, "sh", "-c", command, env={"WEB_PORT": value})

    assert done.exit_code == 1
    assert f"Error: '{seen}' is not a valid port number." in done.output
