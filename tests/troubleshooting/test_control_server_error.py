"""The proofs of docs/troubleshooting/control-server-error.md."""

ENTRY = "troubleshooting/control-server-error"
SERVE = ("gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000")


def test_error_names_the_home_of_the_user(plain_image, run_once, replay):
    """The path at the end of the line is HOME, which the user cannot write to."""
    container = run_once(plain_image, *SERVE)
    log = container.wait_for_log("Control server error")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    home, _ = replay(f"{ENTRY}/confirm.console", web=container.handle.id).splitlines()
    assert log.strip().endswith(f"'{home}'")


def test_none_is_no_place_for_the_control_socket(plain_image, run):
    """One setting stops Gunicorn; with the other, it serves without an error."""
    write = 'printf %s "$0" > /tmp/conf.py; exec gunicorn core.wsgi --config /tmp/conf.py'
    none = run(plain_image, "sh", "-c", write, "control_socket = None", ready="")
    disabled = run(plain_image, "sh", "-c", write, "control_socket_disable = True")

    assert none.exit_code != 0
    none.wait_for_log("TypeError")
    assert "Control server error" not in disabled.wait_for_log("Booting worker")
