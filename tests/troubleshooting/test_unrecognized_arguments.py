"""The proofs of docs/troubleshooting/unrecognized-arguments.md."""

import pytest

ENTRY = "troubleshooting/unrecognized-arguments"


def test_unknown_option_of_the_variable_is_named_last(plain_image, run, replay):
    """The last line shows the option, and so does the container's configuration."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--control-socket-disable"}, ready="")

    assert container.exit_code == 2
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_beginning_of_several_options_is_ambiguous(plain_image, run):
    """Gunicorn lists all of them, and exits as for an unknown option."""
    line = "ambiguous option: --worker could match --workers, --worker-class"
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--worker gthread"}, ready=line)

    assert container.exit_code == 2


@pytest.mark.parametrize("argument", ["--workers 4", "--timeout:600"])
def test_option_with_its_value_in_one_string_is_unknown(inside, plain_image, argument):
    """The argument follows other options, as in a CMD in exec form."""
    done = inside(plain_image, "gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", argument)

    assert done.exit_code == 2
    assert f"gunicorn: error: unrecognized arguments: {argument}" in done.output
