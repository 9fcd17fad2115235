"""The proofs of docs/concurrency.md."""

import re
import time

import pytest

from container import PATIENCE
from images import SNIPPETS

TWO_WORKERS = "concurrency/two-workers.Dockerfile"
GUNICORN = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
WITHOUT_VARIABLE = ["env", "--unset=WEB_CONCURRENCY"]  # the image sets it
CORES = "import multiprocessing, os; print(multiprocessing.cpu_count(), os.process_cpu_count())"
SOURCES = ["WEB_CONCURRENCY", "gunicorn.conf.py", "--config", "GUNICORN_CMD_ARGS", "--workers"]
PAIRS = [(weak, strong) for i, strong in enumerate(SOURCES) for weak in SOURCES[:i]]


def test_two_workers_have_two_threads_each(build, run):
    """Once all have served, the master has one thread, and each worker its main one and two."""
    container = run(build(TWO_WORKERS))

    assert threads_of_processes(container) == [1, 3, 3]


def test_variable_of_the_deployment_beats_the_image(build, run):
    """The workers that boot are counted, as the image has it and as a deployment wants it."""
    as_built = run(build(TWO_WORKERS))
    deployed = run(build(TWO_WORKERS), env={"WEB_CONCURRENCY": "3"})

    assert workers_that_boot(as_built) == 2
    assert workers_that_boot(deployed) == 3


def test_one_worker_is_the_default(build, run):
    """Two processes run: the worker does not take the place of the master."""
    container = run(build(TWO_WORKERS), *WITHOUT_VARIABLE, *GUNICORN)

    assert workers_that_boot(container) == 1
    assert len(container.top()) == 2


@pytest.mark.parametrize(("weak", "strong"), PAIRS)
def test_stronger_source_wins(build, run, weak, strong):
    """Of two sources the weaker one asks for three workers, and the stronger one for two."""
    environment, files, flags = asking_for({weak: 3, strong: 2})
    image = build(TWO_WORKERS, changes=files)

    settings = print_config(run, image, *WITHOUT_VARIABLE, *environment, *GUNICORN, *flags)

    assert settings["workers"] == "2"


def test_flag_in_cmd_silently_beats_the_variable(build, run):
    """Three workers start as the variable asks, with two threads as CMD does, and none warns."""
    flags = "--workers 3 --threads 8"
    container = run(build(TWO_WORKERS), env={"GUNICORN_CMD_ARGS": flags})

    assert threads_of_processes(container) == [1, 3, 3, 3]
    assert set(re.findall(r"\[([A-Z]+)\]", container.logs())) == {"INFO"}


def test_env_file_keeps_quotes(build, run):
    """With quotes around it the flag is ignored, without any it counts."""
    files = [SNIPPETS / "concurrency" / f"{name}.web.env" for name in ("wrong-quotes", "no-quotes")]

    quoted, bare = (
        print_config(run, build(TWO_WORKERS), *GUNICORN, env_files=[file]) for file in files
    )

    assert quoted["workers"] == "2"
    assert bare["workers"] == "3"


def test_curly_quotes_hide_a_flag(build, run):
    """Gunicorn starts without a warning, with the workers of the image instead of three."""
    container = run(build(TWO_WORKERS), env={"GUNICORN_CMD_ARGS": "\u201d--workers 3\u201d"})

    assert workers_that_boot(container) == 2
    assert set(re.findall(r"\[([A-Z]+)\]", container.logs())) == {"INFO"}


def test_empty_variable_stops_gunicorn(build, run):
    """Python's error is the last line, and the exit code is 1."""
    error = "invalid literal for int() with base 10: ''"
    container = run(build(TWO_WORKERS), env={"WEB_CONCURRENCY": ""}, ready=error)

    assert container.exit_code == 1
    assert container.logs().strip().endswith(error)


def test_limit_of_cpus_hides_no_core(build, run):
    """Neither nproc nor Python counts fewer cores with --cpus than without."""
    image = build(TWO_WORKERS)

    limited = cores(run, image, cpus=1)

    assert limited == cores(run, image)


def test_set_of_cpus_hides_cores_from_some(build, run):
    """Bound to one core, nproc and process_cpu_count say one; multiprocessing says all."""
    nproc, everywhere, process = cores(run, build(TWO_WORKERS), cpuset_cpus=[0])

    assert (nproc, process) == (1, 1)
    assert everywhere == cores(run, build(TWO_WORKERS))[1]


def asking_for(workers):
    """Return the environment, the files and the flags by which these sources ask for workers."""
    environment, files, flags = [], {}, []
    for source, number in workers.items():
        if source == "WEB_CONCURRENCY":
            environment.append(f"{source}={number}")
        elif source == "GUNICORN_CMD_ARGS":
            environment.append(f"{source}=--workers={number}")
        elif source == "--workers":
            flags += [source, str(number)]
        elif source == "--config":
            files["other.py"] = f"workers = {number}\n"
            flags += [source, "other.py"]
        else:
            files[source] = f"workers = {number}\n"
    return environment, files, flags


def print_config(run, image, *command, **options: object):
    """Return the settings that Gunicorn would run with."""
    container = run(image, *command, "--print-config", ready="", **options)
    assert container.exit_code == 0
    return dict(re.findall(r"(?m)^(\w+) += (.*)$", container.logs()))


def workers_that_boot(container):
    """Return how many workers the log names, when the last has had ample time."""
    container.wait_for_log("Booting worker")
    time.sleep(2)
    return container.logs().count("Booting worker")


def threads_of_processes(container):
    """Return how many threads each process has, when two of each worker have had to serve."""
    deadline = time.monotonic() + PATIENCE
    counts = []
    while min(counts[1:], default=0) < 3 and time.monotonic() < deadline:
        responses = [container.start_get("/sleep/0.2/", verify=False) for _ in range(24)]
        assert {response.result().text for response in responses} == {"slept"}
        status = container.exec("sh", "-c", "exec cat /proc/[0-9]*/status")
        threads = re.findall(r"(?ms)^Name:\s+gunicorn$.*?^Threads:\s+(\d+)$", status)
        counts = sorted(map(int, threads))
    return counts


def cores(run, image, **options: object):
    """Return how many cores nproc, multiprocessing and process_cpu_count see."""
    command = ["sh", "-c", 'nproc && python -c "$0"', CORES]
    container = run(image, *command, ready="", **options)
    assert container.exit_code == 0
    return [int(number) for number in container.logs().split()]
