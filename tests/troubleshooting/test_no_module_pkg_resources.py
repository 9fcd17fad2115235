"""The proofs of docs/troubleshooting/no-module-pkg-resources.md."""

ENTRY = "troubleshooting/no-module-pkg-resources"
EXEC_FORM = "signals/exec-form.Dockerfile"


def test_gunicorn_20_imports_pkg_resources(build, run, replay):
    """Gunicorn 20.1 also installed setuptools, which no longer has the module."""
    image = build(EXEC_FORM, requirements={"gunicorn": "20.1.0"})
    container = run(image, ready="")

    assert container.exit_code == 1
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=image)


def test_distutils_is_gone(inside, plain_image):
    """Python in the image does not have the module."""
    done = inside(plain_image, "python", "-c", "import distutils")

    assert "No module named 'distutils'" in done.output


def test_newer_gunicorn_needs_no_pkg_resources(inside, plain_image):
    """The image does not have the module either, but Gunicorn's command starts."""
    missing = inside(plain_image, "python", "-c", "import pkg_resources")
    version = inside(plain_image, "gunicorn", "--version")

    assert "No module named 'pkg_resources'" in missing.output
    assert version.output.startswith("gunicorn (version 27")
