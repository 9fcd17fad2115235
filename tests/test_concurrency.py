"""The proofs of docs/concurrency.md."""

import json
import os
import re
import runpy

import httpx
import pytest

from harness import ROOT, SNIPPETS
from harness.texts import edited
from scenarios.mixed_load import label
from scenarios.processes import threads_of_processes, workers_that_boot

TWO_WORKERS = "concurrency/two-workers.Dockerfile"
EXEC_FORM = "signals/exec-form.Dockerfile"
FILE = "concurrency/fit-to-limits.gunicorn.conf.py"
GUNICORN = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
WITHOUT_VARIABLE = ["env", "--unset=WEB_CONCURRENCY"]  # the image sets it
CORES = "import multiprocessing, os; print(multiprocessing.cpu_count(), os.process_cpu_count())"
VIEWS = "queries for 50 ms", "computes 5 ms"
UNLIMITED = "9223372036854771712"  # as cgroup v1 writes it


def v1(quota, memory):
    """Return the files of a cgroup v1, as the kernel fills them."""
    cpu = {"cpu/cpu.cfs_quota_us": f"{quota}\n", "cpu/cpu.cfs_period_us": "100000\n"}
    return {**cpu, "memory/memory.limit_in_bytes": f"{memory}\n"}


def v2(quota, memory):
    """Return the files of a cgroup v2, as the kernel fills them."""
    return {"cpu.max": f"{quota} 100000\n", "memory.max": f"{memory}\n"}


def test_two_workers_have_two_threads_each(build, run):
    """Once all threads have served a request, the master has one thread, and each worker three."""
    container = run(build(TWO_WORKERS))

    assert threads_of_processes(container) == [1, 3, 3]


def test_variable_of_the_deployment_beats_the_image(build, run):
    """The log shows the number of workers, with the image's variable and with another value."""
    as_built = run(build(TWO_WORKERS))
    deployed = run(build(TWO_WORKERS), env={"WEB_CONCURRENCY": "3"})

    assert workers_that_boot(as_built) == 2
    assert workers_that_boot(deployed) == 3


def test_one_worker_is_the_default(build, run):
    """Two processes run: the master and one worker."""
    container = run(build(TWO_WORKERS), *WITHOUT_VARIABLE, *GUNICORN)

    assert workers_that_boot(container) == 1
    assert len(container.top()) == 2


def test_empty_variable_stops_gunicorn(build, run):
    """Python's error is the last line, and the exit code is 1."""
    error = "invalid literal for int() with base 10: ''"
    container = run(build(TWO_WORKERS), env={"WEB_CONCURRENCY": ""}, ready=error)

    assert container.exit_code == 1
    assert container.logs().strip().endswith(error)


def test_word_in_the_variable_stops_gunicorn(build, run):
    """The same error shows the word that is not a number."""
    error = "invalid literal for int() with base 10: 'auto'"
    container = run(build(TWO_WORKERS), env={"WEB_CONCURRENCY": "auto"}, ready=error)

    assert container.exit_code == 1


def test_zero_workers_serve_nothing(build, run):
    """The container runs and listens, but no worker boots, and a request gets no response."""
    container = run(build(TWO_WORKERS), env={"WEB_CONCURRENCY": "0"})

    with pytest.raises(httpx.ReadTimeout):
        container.get("/health/", timeout=5)
    assert container.running
    assert "Booting worker" not in container.logs()


def test_threads_help_only_the_view_that_waits():
    """In each run of the benchmark, the 99th percentiles of the views compare as the page says."""
    for run in runs_of_the_table():
        queries, computes = (column(run, name) for name in VIEWS)
        four = queries[label(1, 4)], queries[label(4, 1)]

        assert queries[label(1, 1)] > 50 * max(four)
        assert max(computes.values()) < 1.5 * min(computes.values())


def test_waiting_views_need_more_threads_or_a_limit():
    """The 99th percentile of two workers with two threads each, with and without the option."""
    for run in runs_of_the_table():
        queries = column(run, VIEWS[0])
        in_time = queries[f"{label(2, 2)}, `--worker-connections 2`"], queries[label(2, 4)]

        assert queries[label(2, 2)] > 2000 > 10 * max(in_time)


@pytest.mark.cgroup
def test_limit_of_cpus_hides_no_core(build, run):
    """With --cpus, both Python functions return the same number of cores as without."""
    image = build(TWO_WORKERS)

    limited = cores(run, image, cpus=1)

    assert limited[1:] == cores(run, image)[1:]


@pytest.mark.cgroup
def test_nproc_counts_the_quota_since_coreutils_9_8(build, run, inside, cgroup):
    """Whether nproc counts the quota depends on the version of coreutils and of cgroups."""
    image = build(TWO_WORKERS)
    version = re.search(r"GNU coreutils\) (\d+)\.(\d+)", inside(image, "nproc", "--version").output)
    counts = cgroup == "v2" and tuple(map(int, version.groups())) >= (9, 8)

    limited = cores(run, image, cpus=1)[0]

    assert limited == (1 if counts else cores(run, image)[0])


@pytest.mark.cgroup
def test_set_of_cpus_hides_cores_from_some(build, run):
    """Bound to one core, nproc and process_cpu_count return one; multiprocessing returns all."""
    nproc, everywhere, process = cores(run, build(TWO_WORKERS), cpuset_cpus=[0])

    assert (nproc, process) == (1, 1)
    assert everywhere == cores(run, build(TWO_WORKERS))[1]


def test_variable_sets_what_python_counts(build, run):
    """Python returns a number that no machine has; nproc returns the same number as before."""
    image = build(TWO_WORKERS)

    nproc, everywhere, process = cores(run, image, env={"PYTHON_CPU_COUNT": "77"})

    assert (everywhere, process) == (77, 77)
    assert nproc == cores(run, image)[0]


@pytest.mark.cgroup
def test_quota_decides_the_workers(build, run):
    """With half a CPU, the log says two workers, and two workers boot."""
    container = run(build(EXEC_FORM, files=[FILE]), cpus=0.5)

    log = container.wait_for_log("Booting worker", count=2)
    assert re.search(r"\[INFO\] Workers: 2, because of 0.5 CPU in /sys/fs/cgroup/cpu", log)
    assert workers_that_boot(container) == 2


@pytest.mark.cgroup
def test_memory_decides_where_it_is_short(build, run):
    """Half a CPU would allow two workers, but 125 MiB allow only one."""
    image = build(EXEC_FORM, files=[FILE])
    memory = {"memory": "125m", "memory_swap": "125m"}

    container = run(image, ready="Booting worker", cpus=0.5, **memory)

    expected = r"\[INFO\] Workers: 1, because of 125 MiB in /sys/fs/cgroup/memory"
    assert re.search(expected, container.logs())


@pytest.mark.cgroup
@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("WEB_CONCURRENCY", "4", "Workers: 4, because of WEB_CONCURRENCY"),
        ("GUNICORN_CMD_ARGS", "--workers 3", "Workers: 3, because of GUNICORN_CMD_ARGS or a flag"),
    ],
)
def test_variable_beats_the_limits(build, run, name, value, line):
    """Both variables override a limit of half a CPU, and the log says so."""
    container = run(build(EXEC_FORM, files=[FILE]), env={name: value}, cpus=0.5)

    container.wait_for_log(line)


@pytest.mark.parametrize(
    ("limits", "workers", "reason"),
    [
        (v1("150000", UNLIMITED), 4, "1.5 CPU in {}/cpu/cpu.cfs_quota_us"),
        (v1("150000", "268435456"), 2, "256 MiB in {}/memory/memory.limit_in_bytes"),
        (v2("150000", "max"), 4, "1.5 CPU in {}/cpu.max"),
        (v2("150000", "268435456"), 2, "256 MiB in {}/memory.max"),
        (v2("max", "67108864"), 1, "64 MiB in {}/memory.max"),
    ],
)
def test_file_reads_both_versions_of_control_groups(tmp_path, monkeypatch, limits, workers, reason):
    """The file runs on copies of the files that the kernel writes, for cgroup v1 and v2."""
    chosen = run_file(tmp_path, monkeypatch, limits, cores=64)

    assert (chosen["workers"], chosen["reason"]) == (workers, reason.format(tmp_path))


@pytest.mark.parametrize("limits", [v1("-1", UNLIMITED), v2("max", "max"), {}])
def test_without_limits_the_cores_count(tmp_path, monkeypatch, limits):
    """The formula is tested with two cores; even with many cores, there are at most 12 workers."""
    two = run_file(tmp_path, monkeypatch, limits, cores=2)
    many = run_file(tmp_path, monkeypatch, limits, cores=64)

    assert (two["workers"], two["reason"]) == (5, "2 cores")
    assert (many["workers"], many["reason"]) == (12, "MOST = 12")


def runs_of_the_table():
    """Return the last run of the page's table, and an earlier one if it has the same columns."""
    last = json.loads((ROOT / "docs/_data/concurrency.json").read_text())["tables"]["workloads"]
    runs = last.get("earlier"), last
    return [run for run in runs if run and run["columns"] == last["columns"]]


def column(run, name):
    """Return a column of a run of the table: milliseconds by setup."""
    number = run["columns"].index(f"ms, {name}")
    return {row[0]: row[number] for row in run["rows"]}


def run_file(folder, monkeypatch, limits, cores):
    """Return the settings that the file makes, with this directory instead of /sys/fs/cgroup."""
    for name, text in limits.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    text = (SNIPPETS / FILE).read_text()
    moved = edited(text, {'Path("/sys/fs/cgroup")': f"Path({str(folder)!r})"})
    (folder / "gunicorn.conf.py").write_text(moved)
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(cores), raising=False)
    return runpy.run_path(str(folder / "gunicorn.conf.py"))


def cores(run, image, **options: object):
    """Return the cores that nproc, multiprocessing and process_cpu_count report."""
    command = ["sh", "-c", 'nproc && python -c "$0"', CORES]
    container = run(image, *command, ready="", **options)
    assert container.exit_code == 0
    return [int(number) for number in container.logs().split()]
