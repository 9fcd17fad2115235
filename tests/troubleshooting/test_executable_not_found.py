"""The proofs of docs/troubleshooting/executable-not-found.md."""

import pytest

from harness import ROOT

ENTRY = "troubleshooting/executable-not-found"
WITHOUT = """
exec 2>&1
rm "$(command -v gunicorn)"
gunicorn --version || python -m gunicorn --version
"""


@pytest.mark.docker_only("runc, whose message this is")
def test_misspelt_command_is_not_found(plain_image, replay):
    """Docker's line shows the misspelled command; the image has the right one."""
    replay(f"{ENTRY}/line.console", web=plain_image)
    replay(f"{ENTRY}/confirm.console", web=plain_image)


def test_module_starts_without_its_program(plain_image, run):
    """The program is removed, as if a stage had copied only the packages."""
    container = run(plain_image, "sh", "-c", WITHOUT, user="0", ready="")

    assert container.exit_code == 0
    assert "gunicorn: not found\ngunicorn (version 2" in container.logs()


def test_image_without_gunicorn_names_the_module(official, inside):
    """Python's own image has neither the program nor the package."""
    image = official("python:3.14-slim")
    program = inside(image, "sh", "-c", "command -v gunicorn || echo none")
    module = inside(image, "python", "-m", "gunicorn", "--version")

    assert program.output.strip() == "none"
    assert module.exit_code == 1
    assert "No module named gunicorn" in module.output


def test_uv_run_cannot_spawn_what_is_not_installed(build, inside):
    """The environment that uv uses has Python only."""
    image = build(ROOT / "tests/scenarios/uv.Dockerfile")
    run = ["uv", "run", "--no-project", "gunicorn", "core.wsgi"]
    done = inside(image, *run, env={"UV_NO_CACHE": "1"})

    assert done.exit_code == 2
    assert "error: Failed to spawn: gunicorn" in done.output
