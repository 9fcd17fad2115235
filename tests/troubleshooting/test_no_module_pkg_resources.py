"""The proofs of docs/troubleshooting/no-module-pkg-resources.md."""

ENTRY = "troubleshooting/no-module-pkg-resources"
EXEC_FORM = "signals/exec-form.Dockerfile"


def test_gunicorn_20_imports_pkg_resources(build, run, replay):
    """Gunicorn 20.1 is installed on a Python without setuptools."""
    image = build(EXEC_FORM, requirements={"gunicorn": "20.1.0"})
    container = run(image, ready="")

    assert container.exit_code == 1
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=image)


def test_newer_gunicorn_needs_no_pkg_resources(inside, plain_image):
    """The image has no setuptools either, and Gunicorn's command starts."""
    missing = inside(plain_image, "python", "-c", "import pkg_resources")
    version = inside(plain_image, "gunicorn", "--version")

    assert "No module named 'pkg_resources'" in missing.output
    assert version.output.startswith("gunicorn (version 27")
