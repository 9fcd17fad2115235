"""The proofs of docs/sizing.md."""

import json
import re
import runpy
import shutil
import subprocess
import sys
import time

import pytest

from guide.names import saved
from harness import ROOT, SNIPPETS

FILE = SNIPPETS / "sizing/from-your-numbers.sizing.py"
FORMULAS = runpy.run_path(str(FILE))
Site, EXAMPLES = FORMULAS["Site"], FORMULAS["EXAMPLES"]
FIT = SNIPPETS / "concurrency/fit-to-limits.gunicorn.conf.py"
MEASURED = ROOT / "docs/_data/memory.json"


@pytest.fixture
def folder(tmp_path):
    """Return a directory with the page's file in it."""
    shutil.copy(FILE, tmp_path / saved(FILE))
    return tmp_path


def test_script_prints_each_number_with_its_reason(folder, replay):
    """For one CPU and 512 MiB, the page's command prints the page's output."""
    replay("sizing/one-cpu.console", cwd=folder)


def test_examples_come_from_the_same_formulas(folder, replay):
    """The page's table equals the file's output, and has a row for each example."""
    printed = replay("sizing/examples.console", cwd=folder)

    assert len(printed.splitlines()) == 1 + len(EXAMPLES)
    assert EXAMPLES[0] == {"cpus": 1, "memory": 512, "waiting": 0.8}


def test_smallest_limit_decides_the_workers():
    """Each of the four limits decides in one of the cases."""
    cases = {
        Site(cpus=8, memory=300, waiting=0.9): 3,
        Site(cpus=1, memory=4096, waiting=0.9): 3,
        Site(cpus=4, memory=4096, waiting=0.0): 4,
        Site(cpus=16, memory=16384, waiting=0.9): 12,
    }

    assert {site: site.workers for site in cases} == cases


def test_one_worker_is_the_least():
    """The memory is less than one worker needs."""
    assert Site(memory=50).workers == 1


def test_limits_are_those_of_the_configuration_file():
    """Memory per worker and the maximum are the same as in fit-to-limits.gunicorn.conf.py."""
    text = FIT.read_text()

    assert int(re.search(r"(?m)^MOST = (\d+)", text)[1]) == FORMULAS["MOST_WORKERS"]
    assert int(re.search(r"(?m)^MIB_FOR_EACH = (\d+)", text)[1]) == Site().worker
    assert "int(2 * cpus + 1)" in text


def test_memory_for_a_worker_is_more_than_the_sample_needs():
    """One worker of the sample project, with its master, needs less than the default."""
    rows = json.loads(MEASURED.read_text())["tables"]["pss"]["rows"]
    one = {name: max(numbers) for name, *numbers in rows}["1 worker"]

    assert one < Site().worker


def test_computing_views_get_two_threads():
    """If views hardly wait, more CPUs add workers, one for each, but no threads."""
    for cpus in (1, 2, 4, 8):
        site = Site(cpus=cpus, memory=8192, waiting=0.0)
        assert site.threads == 2
        assert site.workers == max(2, cpus)


def test_waiting_views_get_more_threads():
    """With a growing share of waiting, the number of threads grows up to sixteen."""
    threads = [Site(waiting=share).threads for share in (0.5, 0.8, 0.9, 0.95, 0.99)]

    assert threads == [2, 2, 4, 7, 16]


def test_threads_share_the_cpu_of_their_worker():
    """On four CPUs, memory limits the workers to two, so only two CPUs are used."""
    site = Site(cpus=4, memory=256, waiting=0.8)

    assert (site.workers, site.threads) == (2, 5)
    assert site.capacity == pytest.approx(2 / 0.2 / site.seconds)


def test_connections_agree_with_their_page():
    """For four containers, two workers, two threads and eight tasks, the sums are the page's."""
    site = Site(cpus=1, memory=256, waiting=0.5, containers=4, tasks=8)
    page = (ROOT / "docs/database-connections.md").read_text()

    assert (site.workers, site.threads) == (2, 2)
    assert (site.connections, site.update) == (24, 48)
    assert "4 \N{MULTIPLICATION SIGN} 2 \N{MULTIPLICATION SIGN} 2 = 16" in page
    assert "With eight task processes, the total is 24" in page
    assert "doubles the total to 48." in page


def test_too_many_connections_lead_to_pgbouncer():
    """Compares an update's connections with max_connections minus those for superusers."""
    fits = Site(containers=8)
    exceeds = Site(containers=9)

    assert (fits.update, exceeds.update) == (96, 108)
    assert any(line.endswith("96 of 97: fits") for line in fits.lines())
    assert any(line.endswith("use PgBouncer") for line in exceeds.lines())


def test_wrong_input_is_one_line(folder):
    """With a share of one, or no CPU, the last line shows the error, and the exit code is 2."""
    for given, said in {
        "--waiting=1": "--waiting is a share",
        "--cpus=0": "--cpus must be",
    }.items():
        command = [sys.executable, "sizing.py", given]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)

        assert done.returncode == 2
        assert said in done.stderr.splitlines()[-1]


def test_measured_requests_stay_below_the_prediction(app_image, run):
    """Sends 40 requests, eight at a time, to four threads; views wait for half a second."""
    site = Site(cpus=2, memory=200, waiting=0.99, seconds=0.5)
    container = run(app_image)
    container.wait_for_log("Booting worker", count=2)
    container.get("/health/")
    assert site.workers == 2

    start = time.monotonic()
    answers = [container.start_get("/sleep/0.5/") for _ in range(40)]
    assert {answer.result().status_code for answer in answers} == {200}
    measured = 40 / (time.monotonic() - start)

    predicted = 2 * 2 / site.seconds  # the image has two workers of two threads
    assert predicted / 3 < measured <= predicted
