"""The proofs of docs/troubleshooting/executable-not-found.md."""

import pytest

ENTRY = "troubleshooting/executable-not-found"
WITHOUT = """
exec 2>&1
rm "$(command -v gunicorn)"
gunicorn --version || python -m gunicorn --version
"""


@pytest.mark.docker_only("runc, whose message this is")
def test_misspelt_command_is_not_found(plain_image, replay):
    """Docker names the command; the right name is in the image."""
    replay(f"{ENTRY}/line.console", web=plain_image)
    replay(f"{ENTRY}/confirm.console", web=plain_image)


def test_module_starts_without_its_program(plain_image, run):
    """The program is removed, as it is lost where a stage copies the packages alone."""
    container = run(plain_image, "sh", "-c", WITHOUT, user="0", ready="")

    assert container.exit_code == 0
    assert "gunicorn: not found\ngunicorn (version 2" in container.logs()
