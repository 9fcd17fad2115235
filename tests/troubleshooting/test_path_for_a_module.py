"""The proofs of docs/troubleshooting/path-for-a-module.md."""

ENTRY = "troubleshooting/path-for-a-module"


def test_suggested_name_fails_too(plain_image, run_once, replay):
    """Gunicorn gets a path, and suggests a name that it then cannot import."""
    with_path, as_suggested = (
        run_once(plain_image, "gunicorn", name, "--no-control-socket", ready="")
        for name in ("core/wsgi.py", "core/wsgi:application")
    )

    assert (with_path.exit_code, as_suggested.exit_code) == (3, 3)
    as_suggested.wait_for_log("ModuleNotFoundError: No module named 'core/wsgi'\n")
    replay(f"{ENTRY}/line.console", web=with_path.handle.id)
    replay(f"{ENTRY}/confirm.console", web=with_path.handle.id)
