"""The proofs of docs/troubleshooting/application-not-callable.md."""

ENTRY = "troubleshooting/application-not-callable"


def test_string_is_no_application(plain_image, run, replay):
    """The setting exists, but contains only the application's name."""
    name = "core.settings:WSGI_APPLICATION"
    container = run(plain_image, "gunicorn", name, "--no-control-socket", ready="")

    assert container.exit_code == 4
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=plain_image)
