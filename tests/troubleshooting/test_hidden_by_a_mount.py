"""The proofs of docs/troubleshooting/hidden-by-a-mount.md."""

import pytest

ENTRY = "troubleshooting/hidden-by-a-mount"


@pytest.fixture
def empty(tmp_path):
    """Return an empty directory that the image's user can read."""
    tmp_path.chmod(0o755)
    return tmp_path


def test_mount_over_the_code_hides_it(plain_image, run, replay, empty):
    """An empty directory is mounted over /app, and hides the image's files."""
    container = run(plain_image, ready="", volumes=[(empty, "/app")])

    assert container.exit_code == 3
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_hidden_manage_py_cannot_be_opened(plain_image, run, empty):
    """The command needs manage.py, whose directory is hidden."""
    command = ["python", "manage.py", "check"]
    container = run(plain_image, *command, ready="", volumes=[(empty, "/app")])

    assert container.exit_code == 2
    container.wait_for_log("can't open file '/app/manage.py': [Errno 2]")


def test_volume_below_the_mount_brings_a_folder_back(plain_image, run, empty):
    """The engine fills the second volume, which is new, from the image."""
    volumes = [(empty, "/app"), ("/app/core",)]
    container = run(plain_image, "ls", "/app", "/app/core", ready="", volumes=volumes)

    assert container.exit_code == 0
    container.wait_for_log("wsgi.py")
    assert "manage.py" not in container.logs()
