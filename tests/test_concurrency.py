"""The proofs of docs/concurrency.md."""

import re

import pytest

from images import SNIPPETS

IMAGE = "concurrency/default-of-two-workers.Dockerfile"
GUNICORN = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
CORES = "import multiprocessing, os; print(multiprocessing.cpu_count(), os.process_cpu_count())"
SOURCES = [  # the weakest first, and the number of workers that each asks for
    ("WEB_CONCURRENCY", 2),
    ("gunicorn.conf.py", 3),
    ("GUNICORN_CMD_ARGS", 4),
    ("--workers", 5),
]
PAIRS = [(weak, strong) for i, strong in enumerate(SOURCES) for weak in SOURCES[:i]]


def test_two_workers_of_two_threads_start(build, run):
    """When all have served, the master has one thread, each worker its main one and two."""
    container = run(build(IMAGE))
    container.wait_for_log("Booting worker", count=2)

    responses = [container.start_get("/sleep/0.5/") for _ in range(24)]

    assert {response.result().text for response in responses} == {"slept"}
    assert threads_of_processes(container) == [1, 3, 3]


@pytest.mark.parametrize("environment", [{"WEB_CONCURRENCY": "3"}, {}])
def test_deployment_overrides_the_image(build, run, environment):
    """The workers that boot are counted, with the variable of a deployment and without."""
    container = run(build(IMAGE), env=environment)

    assert booted(container) == int(environment.get("WEB_CONCURRENCY", 2))


def test_one_worker_is_the_default(build, run):
    """Without the variable Gunicorn boots one worker, and stays beside it itself."""
    container = run(build(IMAGE), "env", "--unset=WEB_CONCURRENCY", *GUNICORN)

    assert booted(container) == 1
    assert len(container.top()) == 2


@pytest.mark.parametrize("default_file", [True, False], ids=["found", "named"])
@pytest.mark.parametrize(("weak", "strong"), PAIRS, ids=lambda source: source[0])
def test_stronger_source_wins(build, run, weak, strong, default_file):
    """Each pair of sources asks for two numbers of workers."""
    sources = dict([weak, strong])

    settings = settings_from(build, run, sources, default_file=default_file)

    assert settings["workers"] == str(strong[1])


def test_flag_in_cmd_silently_beats_the_variable(build, run):
    """The workers of the variable count, its threads do not, and no line says so."""
    settings, log = print_config(run(
        build(IMAGE), env={"GUNICORN_CMD_ARGS": "--workers 3 --threads 8 --print-config"}, ready=""
    ))  # fmt: skip

    assert (settings["workers"], settings["threads"]) == ("3", "2")
    assert not re.search("warning|error|ignored|overrid", log, re.IGNORECASE)
