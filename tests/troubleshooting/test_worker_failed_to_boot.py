"""The proofs of docs/troubleshooting/worker-failed-to-boot.md."""

import pytest

ENTRY = "troubleshooting/worker-failed-to-boot"


@pytest.mark.parametrize(
    ("module", "exit_code", "transcripts"),
    [
        ("nosuch.wsgi", 3, ["line", "confirm"]),
        ("core.wsgi:app", 4, []),
        ("core/wsgi.py", 3, []),
    ],
)
def test_wrong_module_name_ends_gunicorn(
    plain_image, run_once, replay, module, exit_code, transcripts
):
    """The module does not exist, has no such attribute, or is given as a path."""
    container = run_once(plain_image, "gunicorn", module, "--no-control-socket", ready="")

    assert container.exit_code == exit_code
    for transcript in transcripts:
        replay(f"{ENTRY}/{transcript}.console", web=container.handle.id)


def test_name_is_imported_from_the_working_directory(plain_image, run):
    """The same name fails in /tmp, but works again in the project's directory."""
    command = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
    elsewhere = run(plain_image, *command, workdir="/tmp", ready="")
    back = run(plain_image, *command, "--chdir", "/app", workdir="/tmp")

    assert elsewhere.exit_code == 3
    elsewhere.wait_for_log("No module named 'core'")
    assert back.get("/health/").text == "ok"


def test_two_workers_end_with_three_or_one(plain_image, run):
    """Four containers start with a wrong name and two workers."""
    command = ["gunicorn", "nosuch.wsgi", "--workers", "2", "--no-control-socket"]
    codes = {run(plain_image, *command, ready="").exit_code for _ in range(4)}

    assert codes <= {3, 1}


def test_inner_quotes_are_part_of_the_name(plain_image, run):
    """The command is a list, as in exec form, and one item contains quotes."""
    container = run(plain_image, "gunicorn", "'core.wsgi'", "--no-control-socket", ready="")

    assert container.exit_code == 3
    container.wait_for_log("""ModuleNotFoundError: No module named "'core"\n""")


def test_empty_variable_leaves_a_relative_name(inside, plain_image):
    """The command contains a variable that is not set."""
    done = inside(plain_image, "sh", "-c", "gunicorn $PROJECT.wsgi")

    assert done.exit_code != 0
    assert "required to perform a relative import for '.wsgi'" in done.output
