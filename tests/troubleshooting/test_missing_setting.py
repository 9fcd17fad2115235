"""The proofs of docs/troubleshooting/missing-setting.md."""

ENTRY = "troubleshooting/missing-setting"
SERVE = "exec gunicorn core.wsgi --no-control-socket"


def test_missing_variable_ends_gunicorn(plain_image, run, replay):
    """The settings read SECRET_KEY, which is not set."""
    container = run(plain_image, "sh", "-c", f"unset SECRET_KEY; {SERVE}", ready="")

    assert container.exit_code == 3
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
