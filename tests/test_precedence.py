"""The proofs of docs/precedence.md."""

import re

from harness import SNIPPETS
from scenarios.precedence import ONE_WORKER, SETTINGS, SOURCES, who_decides
from scenarios.processes import threads_of_processes, workers_that_boot

TWO_WORKERS = "concurrency/two-workers.Dockerfile"
GUNICORN = ["gunicorn", "core.wsgi"]
FILES = """
cd /tmp && export PYTHONPATH=/app GUNICORN_CMD_ARGS="--config b.py"
echo "workers = 2; threads = 2" > a.py
echo "workers = 3; timeout = 3" > b.py
echo "workers = 4; keepalive = 4" > gunicorn.conf.py
gunicorn core.wsgi --config a.py --print-config
gunicorn core.wsgi --print-config
unset GUNICORN_CMD_ARGS
gunicorn core.wsgi --print-config
"""


def test_stronger_source_wins(build, run):
    """In every combination of sources, the strongest one wins, for every setting."""
    decided = who_decides(run, build(ONE_WORKER))

    assert len(decided) == len(SETTINGS) * 2 ** len(SOURCES)
    for (_, present), winner in decided.items():
        assert winner == (present[-1] if present else "default")


def test_flag_in_cmd_silently_beats_the_variable(build, run):
    """Three workers start, as in the variable, with two threads, as in CMD, without a warning."""
    flags = "--workers 3 --threads 8"
    container = run(build(TWO_WORKERS), env={"GUNICORN_CMD_ARGS": flags})

    assert threads_of_processes(container) == [1, 3, 3, 3]
    assert set(re.findall(r"\[([A-Z]+)\]", container.logs())) == {"INFO"}


def test_one_file_is_read(build, run):
    """Of three files, each with a different setting, Gunicorn reads only one."""
    container = run(build(ONE_WORKER), "sh", "-c", FILES, ready="")
    assert container.exit_code == 0

    read = [of(container.logs(), name) for name in ("workers", "threads", "timeout", "keepalive")]
    assert list(zip(*read, strict=True)) == [
        ("2", "2", "30", "2"),
        ("3", "1", "3", "2"),
        ("4", "1", "30", "4"),
    ]


def test_variable_prints_the_settings_of_the_image(build, run):
    """The printed settings include the options in CMD and those in the variable."""
    print_config = {"GUNICORN_CMD_ARGS": "--print-config --workers 3"}
    container = run(build(TWO_WORKERS), env=print_config, ready="")

    assert container.exit_code == 0
    assert of(container.logs(), "workers") == ["3"]
    assert of(container.logs(), "threads") == ["2"]


def test_invented_variable_is_ignored(build, run):
    """Gunicorn starts one worker, as without the variable, instead of four."""
    invented = {"GUNICORN_WORKERS": "4", "GUNICORN_CMD_ARGS": "--print-config"}
    container = run(build(ONE_WORKER), env=invented, ready="")

    assert container.exit_code == 0
    assert of(container.logs(), "workers") == ["1"]


def test_misspelt_flag_stops_gunicorn(build, run):
    """Gunicorn prints the misspelled option, from the variable and from the command line."""
    line = "unrecognized arguments: --wrokers"
    in_variable = run(build(ONE_WORKER), env={"GUNICORN_CMD_ARGS": "--wrokers 3"}, ready=line)
    on_command_line = run(build(ONE_WORKER), *GUNICORN, "--wrokers", "3", ready=line)

    assert in_variable.exit_code == 2
    assert on_command_line.exit_code == 2


def test_prefix_of_a_flag_counts(build, run):
    """--thread is read as --threads, because no other option starts the same way."""
    flags = {"GUNICORN_CMD_ARGS": "--print-config --thread 4"}
    container = run(build(ONE_WORKER), env=flags, ready="")

    assert container.exit_code == 0
    assert of(container.logs(), "threads") == ["4"]


def test_env_file_keeps_quotes(build, run):
    """With quotes around it, the option is ignored; without them, it applies."""
    files = [SNIPPETS / "precedence" / f"{name}.web.env" for name in ("wrong-quotes", "no-quotes")]
    command = [*GUNICORN, "--print-config"]

    quoted, bare = (run(build(TWO_WORKERS), *command, env_files=[f], ready="") for f in files)

    assert (quoted.exit_code, bare.exit_code) == (0, 0)
    assert of(quoted.logs(), "workers") == ["2"]
    assert of(bare.logs(), "workers") == ["3"]


def test_curly_quotes_hide_a_flag(build, run):
    """Gunicorn starts without a warning, with the workers of the image instead of three."""
    container = run(build(TWO_WORKERS), env={"GUNICORN_CMD_ARGS": "\u201d--workers 3\u201d"})

    assert workers_that_boot(container) == 2
    assert set(re.findall(r"\[([A-Z]+)\]", container.logs())) == {"INFO"}


def of(printed, setting):
    """Return the values of a setting, as printed by each --print-config."""
    return re.findall(rf"(?m)^{setting} += (.*)$", printed)
