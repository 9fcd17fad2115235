"""The proofs of docs/troubleshooting/control-server-error.md."""

ENTRY = "troubleshooting/control-server-error"
SERVE = ("gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000")


def test_error_names_the_home_of_the_user(plain_image, run_once, replay):
    """The path at the line's end is HOME, where the user may not write."""
    container = run_once(plain_image, *SERVE)
    log = container.wait_for_log("Control server error")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    home, _ = replay(f"{ENTRY}/confirm.console", web=container.handle.id).splitlines()
    assert log.strip().endswith(f"'{home}'")
