"""The proofs of docs/troubleshooting/application-not-callable.md."""

IMAGE = "signals/exec-form.Dockerfile"
ENTRY = "troubleshooting/application-not-callable"


def test_string_is_no_application(build, run, replay):
    """The setting exists, and holds the application's name."""
    image = build(IMAGE)
    name = "core.settings:WSGI_APPLICATION"
    container = run(image, "gunicorn", name, "--no-control-socket", ready="")

    assert container.exit_code == 4
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=image)
