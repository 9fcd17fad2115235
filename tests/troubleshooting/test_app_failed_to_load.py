"""The proofs of docs/troubleshooting/app-failed-to-load.md."""

ENTRY = "troubleshooting/app-failed-to-load"


def test_missing_attribute_leaves_no_traceback(plain_image, run_once, replay):
    """The first line shows the attribute and the module, the last line the reason."""
    container = run_once(plain_image, "gunicorn", "core.wsgi:app", "--no-control-socket", ready="")

    assert container.exit_code == 4
    assert "Traceback" not in container.logs()
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=plain_image)


def test_dotted_attribute_is_refused(inside, plain_image):
    """The application has this method, but Gunicorn does not look for it."""
    done = inside(plain_image, "gunicorn", "core.wsgi:application.get_response")

    assert done.exit_code == 4
    line = "Failed to parse 'application.get_response' as an attribute name or function call."
    assert line in done.output
