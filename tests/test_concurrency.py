"""The proofs of docs/concurrency.md."""

import re

import pytest

from images import SNIPPETS

TWO_WORKERS = "concurrency/two-workers.Dockerfile"
GUNICORN = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
NOT_OF_THE_IMAGE = ["env", "--unset=WEB_CONCURRENCY"]
PRINT = {"GUNICORN_CMD_ARGS": "--print-config"}
CORES = "import multiprocessing, os; print(multiprocessing.cpu_count(), os.process_cpu_count())"
SOURCES = ["WEB_CONCURRENCY", "gunicorn.conf.py", "--config", "GUNICORN_CMD_ARGS", "--workers"]
PAIRS = [(weak, strong) for i, strong in enumerate(SOURCES) for weak in SOURCES[:i]]


def test_two_workers_have_two_threads_each(build, run):
    """When all have served, the master has one thread, and each worker its main one and two."""
    container = run(build(TWO_WORKERS))
    container.wait_for_log("Booting worker", count=2)

    responses = [container.start_get("/sleep/0.5/") for _ in range(24)]

    assert {response.result().text for response in responses} == {"slept"}
    assert threads_of_processes(container) == [1, 3, 3]


def test_variable_of_the_deployment_beats_the_image(build, run):
    """The workers are counted in the log, as the image has them and as a deployment wants them."""
    as_built = run(build(TWO_WORKERS))
    deployed = run(build(TWO_WORKERS), env={"WEB_CONCURRENCY": "3"})

    assert len(as_built.top()) == 1 + workers_that_boot(as_built) == 1 + 2
    assert len(deployed.top()) == 1 + workers_that_boot(deployed) == 1 + 3


def test_one_worker_is_the_default(build, run):
    """Two processes run: the worker does not take the place of the master."""
    container = run(build(TWO_WORKERS), *NOT_OF_THE_IMAGE, *GUNICORN)

    assert workers_that_boot(container) == 1
    assert len(container.top()) == 2


@pytest.mark.parametrize(("weak", "strong"), PAIRS)
def test_stronger_source_wins(build, run, weak, strong):
    """Of two sources, the weaker one asks for three workers, and the stronger one for two."""
    settings, _ = print_config(*asking_for(build, {weak: 3, strong: 2}), run=run)

    assert settings["workers"] == "2"


def test_flag_in_cmd_silently_beats_the_variable(build, run):
    """The workers of GUNICORN_CMD_ARGS count, its threads do not, and no line says so."""
    flags = {"GUNICORN_CMD_ARGS": "--workers 3 --threads 8"}

    settings, log = config(run, build(TWO_WORKERS), env=flags)

    assert (settings["workers"], settings["threads"]) == ("3", "2")
