"""The proofs of docs/troubleshooting/entry-point-not-found.md."""

ENTRY = "troubleshooting/entry-point-not-found"


def test_unknown_class_is_named(plain_image, run, replay):
    """Both lines show the name, which is not in the list of Gunicorn's classes."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--worker-class gthreads"}, ready="")

    assert container.exit_code == 1
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    assert "gthreads" not in replay(f"{ENTRY}/confirm.console", web=plain_image).split()


def test_class_of_a_missing_package_names_the_module(plain_image, run):
    """Uses Uvicorn's worker in an image without Uvicorn."""
    flags = {"GUNICORN_CMD_ARGS": "--worker-class uvicorn.workers.UvicornWorker"}
    container = run(plain_image, env=flags, ready="No module named 'uvicorn'")

    assert "class uri 'uvicorn.workers.UvicornWorker' invalid or not found" in container.logs()
