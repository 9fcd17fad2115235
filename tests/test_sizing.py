"""The proofs of docs/sizing.md."""

import json
import random
import re
import runpy
import shutil
import subprocess
import sys
import time

import pytest

from guide.names import saved
from harness import ENVIRONMENT, ROOT, SNIPPETS
from harness.browser import SITE
from harness.stack import Stack

FILE = SNIPPETS / "sizing/from-your-numbers.sizing.py"
FORMULAS = runpy.run_path(str(FILE))
Site, EXAMPLES = FORMULAS["Site"], FORMULAS["EXAMPLES"]
FIT = SNIPPETS / "concurrency/fit-to-limits.gunicorn.conf.py"
MEASURED = ROOT / "docs/_data/memory.json"
COMPOSE = "compose/production.compose.yaml"
NAMES = [name for name, value in vars(Site).items() if isinstance(value, property)]
CALCULATE = "([all, names]) => all.map(inputs => calculate(inputs, names))"
STORED = "[document.cookie, localStorage.length, sessionStorage.length]"
OWN_SCRIPTS = {"content-security-policy": "default-src 'none'; script-src 'self'"}
PRINT = """file=$(mktemp -d)/gunicorn.conf.py; printf %s "$TEXT" >"$file"
trap 'rm -r "${file%/*}"' EXIT; gunicorn core.wsgi --config "$file" --print-config"""


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
    assert dict(fits.results)["96 during an update"].endswith("allows 97: enough")
    assert dict(exceeds.results)["108 during an update"].endswith("allows 97: use PgBouncer")


def test_wrong_input_is_one_line(folder):
    """With a share of one, or no CPU, the last line shows the error, and the exit code is 2."""
    for given, said in {
        "--waiting=1": "--waiting must be a number from 0 to 0.99",
        "--cpus=0": "--cpus must be a number from 0.01 to 1024",
        "--cpus=nan": "--cpus must be a number from 0.01 to 1024",
    }.items():
        command = [sys.executable, "sizing.py", given]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)

        assert done.returncode == 2
        assert said in done.stderr.splitlines()[-1]


def test_calculator_agrees_with_the_script(visit):
    """Every formula gives the same result in the browser, for 500 random inputs and the limits."""
    sites = [Site(), *extremes(), *map(random_site, range(500))]
    calculated = visit("sizing").evaluate(CALCULATE, [[vars(site) for site in sites], NAMES])

    assert {"workers", "threads", "results", "files"} <= {*NAMES}
    for site, found in zip(sites, calculated, strict=True):
        expected = {name: getattr(site, name) for name in NAMES}
        assert found == json.loads(json.dumps(expected)), site


def test_inputs_are_in_the_address(visit):
    """A changed input is in the address, which shows the same results in another tab."""
    page = visit("sizing")
    page.get_by_label("CPU limit of a container").fill("2")
    page.get_by_label("Memory limit of a container in MiB").fill("1024")
    page.wait_for_url(f"{SITE}/sizing.html#cpus=2&memory=1024")
    address = page.url
    shown = page.locator("#calculator .results").inner_text()

    assert "WEB_CONCURRENCY=5" in shown
    other = page.context.new_page()
    other.goto(address)
    assert other.locator("#calculator .results").inner_text() == shown
    linked = visit("sizing")
    linked.evaluate("location.hash = 'cpus=2&memory=1024'")
    linked.wait_for_function("document.querySelector('#input-cpus').value === '2'")
    assert linked.locator("#calculator .results").inner_text() == shown
    page.get_by_label("CPU limit of a container").fill("1")
    page.get_by_label("Memory limit of a container in MiB").fill("512")
    page.wait_for_url(f"{SITE}/sizing.html")


def test_invalid_number_is_one_line(visit):
    """The live region names the input and its limits, and the results of before are hidden."""
    page = visit("sizing")
    for label, wrong, limits in [
        ("CPU limit of a container", "0", "a number from 0.01 to 1024"),
        ("Measured memory of a worker in MiB", "99.5", "a whole number from 1 to 999999"),
        ("Share of a request that is spent waiting", "", "a number from 0 to 0.99"),
    ]:
        box = page.get_by_label(label)
        before = box.input_value()
        box.fill(wrong)
        assert page.get_by_role("status").inner_text() == f"{label}: enter {limits}"
        assert not page.locator("#calculator .results").is_visible()
        assert box.get_attribute("aria-invalid") == "true"
        box.fill(before)
        assert page.get_by_role("status").inner_text() == Site().summary


def test_calculator_sends_and_stores_nothing(visit):
    """Opened as a file, and with a policy that allows only script files, it still calculates."""
    page, asked = visit("sizing"), []
    page.route(
        f"{SITE}/sizing.html",
        lambda route: route.fulfill(
            response=route.fetch(), headers={"content-type": "text/html"} | OWN_SCRIPTS
        ),
    )
    for address in f"{SITE}/sizing.html", "file:///site/sizing.html":
        page.goto(address, wait_until="load")
        page.context.set_offline(offline=True)
        page.on("request", lambda request: asked.append(request.url))
        stored = page.evaluate(STORED)
        page.get_by_label("Memory limit of a container in MiB").fill("200")

        assert page.get_by_role("status").inner_text() == Site(memory=200).summary
        assert page.evaluate(STORED) == stored == ["", 0, 0]
        page.context.set_offline(offline=False)
    assert [url for url in asked if not url.startswith("file:")] == []


def test_override_sets_limits_and_workers(docker, tmp_path):
    """Docker Compose reads the Compose page's file together with the calculator's."""
    site = Site(cpus=2, memory=768, worker=150)
    stack = Stack(docker, tmp_path, COMPOSE, {}, ENVIRONMENT)
    name, text = site.files[0]
    (tmp_path / name).write_text(text)
    stack.command = [*stack.command[:-2], "--file", name]
    web = json.loads(stack.read("config", "--format", "json"))["services"]["web"]

    assert name == "compose.override.yaml"
    assert site.workers == 5
    assert web["environment"]["WEB_CONCURRENCY"] == "5"
    assert "ALLOWED_HOSTS" in web["environment"]
    limits = {key: web[key] for key in ("cpus", "mem_limit", "memswap_limit", "pids_limit")}
    size = str(768 * 1024**2)
    assert limits == {"cpus": 2, "mem_limit": size, "memswap_limit": size, "pids_limit": 72}


def test_threads_of_the_file_need_a_command_without_the_flag(app_image, inside):
    """Gunicorn prints its configuration with the calculator's file, without and with the flag."""
    text = dict(Site(cpus=4, memory=256).files)["gunicorn.conf.py"]
    printed = [
        inside(app_image, "sh", "-c", f"{PRINT} {flag}", env={"TEXT": text}).output
        for flag in ("", "--threads 2")
    ]

    threads = [re.search(r"(?m)^threads += (\d+)", output)[1] for output in printed]
    assert threads == ["5", "2"]


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


def random_site(seed):
    """Return a site with values from the whole range, smaller ones more often."""
    chance = random.Random(seed)  # noqa: S311 -- no secret
    values = {}
    for name, item in Site.__dataclass_fields__.items():
        least, most = item.metadata["least"], item.metadata["most"]
        value = least + (most - least) * chance.random() ** chance.choice([1, 4, 12])
        values[name] = round(value, 0 if isinstance(item.default, int) else chance.choice([2, 3]))
        values[name] = type(item.default)(min(most, max(least, values[name])))
    return Site(**values)


def extremes():
    """Return one site for each input's least and most."""
    for name, item in Site.__dataclass_fields__.items():
        for end in "least", "most":
            yield Site(**{name: item.metadata[end]})
