"""The proofs of docs/precedence.md."""

import re

import pytest

from harness import SNIPPETS
from harness.stack import Stack
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

COMPOSE = """
services:
  web:
    image: web
    entrypoint: [env]
    env_file: web.env
    environment:
      ONE: pa$word
      TWO: pa$$word
      BARE: ${BARE}
      QUOTED: ${QUOTED}
      BOTH: from environment
      PASSED:
      SHADOWED:
      LATE: <${ONLY_IN_ENV_FILE}${BOTH}>
"""
DOT_ENV = """
BARE=pa$word
QUOTED='pa$word'
PASSED=from .env
SHADOWED=from .env
NOT_LISTED=from .env
"""
ENV_FILE = """
BOTH=from env_file
ONLY_IN_ENV_FILE=from env_file
BARE_IN_FILE=pa$word
QUOTED_IN_FILE='pa$word'
"""


@pytest.fixture(scope="module")
def printed(docker, plain_image, tmp_path_factory):
    """Run a service that prints its environment, and return everything that Compose prints."""
    folder = tmp_path_factory.mktemp("variables")
    for name, text in {"own.yaml": COMPOSE, ".env": DOT_ENV, "web.env": ENV_FILE}.items():
        (folder / name).write_text(text)
    services, env = {"web": {"image": plain_image}}, {"SHADOWED": "from the shell"}
    site = Stack(docker, folder, str(folder / "own.yaml"), services, env)
    try:
        return site.run("run", "--rm", "-T", "web")
    finally:
        site.down()


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


def test_compose_takes_a_dollar_sign_for_a_variable(printed):
    """The value ends before the dollar sign, in compose.yaml, in .env and in an env_file."""
    assert values(printed, "ONE", "BARE", "BARE_IN_FILE") == ["pa", "pa", "pa"]
    assert 'The \\"word\\" variable is not set. Defaulting to a blank string.' in printed


def test_two_dollar_signs_or_single_quotes_keep_one(printed):
    """The container gets the whole password."""
    assert values(printed, "TWO", "QUOTED", "QUOTED_IN_FILE") == ["pa$word"] * 3


def test_container_gets_only_what_its_service_lists(printed):
    """Of two variables in .env, the container gets the one that the service lists."""
    assert values(printed, "PASSED", "ONLY_IN_ENV_FILE") == ["from .env", "from env_file"]
    assert "NOT_LISTED" not in printed


def test_environment_beats_env_file(printed):
    """Both set the variable."""
    assert values(printed, "BOTH") == ["from environment"]


def test_shell_beats_dot_env(printed):
    """Both set the variable, which the service lists without a value."""
    assert values(printed, "SHADOWED") == ["from the shell"]


def test_compose_fills_in_nothing_from_a_service(printed):
    """The reference stays empty, although both variables reach the container."""
    assert values(printed, "LATE", "BOTH", "ONLY_IN_ENV_FILE") == [
        "<>",
        "from environment",
        "from env_file",
    ]


def values(printed, *names):
    """Return the values of environment variables, as `env` prints them."""
    found = dict(re.findall(r"(?m)^(\w+)=(.*?)\r?$", printed))
    return [found[name] for name in names]


def of(printed, setting):
    """Return the values of a setting, as printed by each --print-config."""
    return re.findall(rf"(?m)^{setting} += (.*)$", printed)
