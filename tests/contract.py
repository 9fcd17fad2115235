"""The contract for a production image, one function per requirement: docs/check-your-image.md.

It does not test the guide, and runs separately:
uv run pytest tests/contract.py --image my/image:tag
"""

import json
import re

import pytest

from harness import ROOT
from harness.contract.containers import wait_for_health
from harness.contract.verdicts import quoted, require

# During the start period, Docker would wait 5 s for the first check: end that period immediately.
EACH_SECOND = {"health_interval": 1, "health_start_period": 0.001, "health_retries": 2}
OK = 200
FIND_ROOT = (ROOT / "tests/probes/find_root.py").read_text()
STOP_THE_OTHERS = "import os, signal; os.kill(-1, signal.SIGSTOP)"
LINK = r'href="(/[^"]+\.css)"'
ERROR = r"\[(ERROR|CRITICAL)\]|^Traceback "


def test_responds_over_http(container, pytestconfig):
    """A request to the port that the image exposes returns a status below 500."""
    path = pytestconfig.option.path
    status = container.get(path).status_code
    log = container.logs().splitlines()

    require(status < 500, f"{path} returns {status}, {quoted(log)}", "troubleshooting.html")


def test_runs_as_a_non_root_user(container):
    """No process that the container starts has root's user ID, real or effective."""
    found = container.handle.execute(["python", "-c", FIND_ROOT], user="root")
    pids = ", ".join(json.loads(found))

    require(not pids, f"root runs pid {pids}", "dockerfile.html#workers-run-without-root")


def test_names_its_user_by_number(config):
    """USER is a number, because Kubernetes cannot check whether a name is root's."""
    user = (config.user or "root").partition(":")[0]

    page = "dockerfile.html#user-is-a-number"
    require(user.isdigit(), f"USER is {user}", page)


def test_serves_the_stylesheets_of_its_page(container, ask_django, pytestconfig):
    """Each stylesheet that the page links to loads, or is collected for a proxy to serve."""
    path = pytestconfig.option.path
    response = container.get(path)
    links = re.findall(LINK, response.text)
    if not links:
        to = response.headers.get("Location")
        found = f"redirects to {to}" if to else "links to no stylesheet"
        pytest.skip(f"{path} {found}, so choose a page with --path, see check-your-image.html")
    missing = [link for link in links if container.get(link).status_code != OK]
    if not missing:
        return
    page = "static-files.html#nginx-serves-what-the-page-links-to"
    collected = ask_django(*missing)["collected"]
    require(all(collected), f"{missing[0]} is neither served nor in STATIC_ROOT", page)
    pytest.skip(f"a proxy has to serve {missing[0]}, see static-files.html")


def test_uses_one_settings_module(django):
    """The image sets the settings module, or its own files name the same one."""
    found = {module: path for path, module in django["modules"].items()}

    line = ", but ".join(f"{path} names {module or 'none'}" for module, path in found.items())
    page = "how-it-works.html#environment-beats-the-settings-that-wsgi-py-names"
    require(len(found) < 2, line, page)


def test_runs_without_debug(django):
    """DEBUG is off, so error pages do not show settings to visitors."""
    page = "settings.html#traceback-is-in-the-log"
    require(not django["debug"], "DEBUG is on", page)


def test_keeps_one_secret_key(django, ask_django):
    """Two processes read the same key; otherwise every restart logs everybody out."""
    page = "settings.html#missing-key-stops-the-start"
    require(django["key"] == ask_django()["key"], "SECRET_KEY is another one in each process", page)


def test_has_all_its_migrations(django):
    """The models need no migration that the image does not contain."""
    missing = django["migration"]

    page = "migrations.html#check-tells-of-unapplied-migrations"
    require(not missing, f"the models have changed, {missing}", page)


def test_can_write_to_its_sqlite_database(django):
    """SQLite writes next to its file, so the directory must belong to the image's user."""
    paths = ", ".join(django["read-only"])

    page = "settings.html#database-of-a-new-volume-can-be-written-to"
    require(not paths, f"the directory of {paths} cannot be written to", page)


def test_logs_no_error_at_start(container):
    """At the first response, the log has no traceback, and no line of level ERROR or CRITICAL."""
    bad = [line for line in container.logs().splitlines() if re.search(ERROR, line)]

    require(not bad, f"the log says {quoted(bad[:1])}", "troubleshooting.html")


def test_keeps_secret_files_out(secrets):
    """No layer contains a private key, or a file with a name such as .env or .git."""
    paths = ", ".join(secrets().files[:5])

    require(not paths, f"a layer has {paths}", "dockerfile.html#hidden-files-stay-out")


def test_keeps_secrets_out_of_its_history(secrets):
    """No variable of the image or of a build step has a name such as SECRET_KEY."""
    names = ", ".join(secrets().variables[:5])

    page = "secrets.html#build-argument-stays-in-the-history"
    require(not names, f"docker history shows {names}", page)


@pytest.mark.waits
def test_runs_with_a_read_only_root(container, start, pytestconfig):
    """The image returns the same status if only /tmp is writable."""
    path, page = pytestconfig.option.path, "hardening.html#locked-container-serves-the-app"
    locked = start(page, read_only=True, tmpfs=["/tmp"])
    free, bound = (each.get(path).status_code for each in (container, locked))

    require(bound == free, f"{path} returns {bound}, but otherwise {free}", page)


@pytest.mark.waits
def test_finishes_the_request_in_progress(start, client, config):
    """A client sends half of a request before the stop, and the rest after it."""
    container = start()
    half = client(container)

    container.kill(str(config.stop_signal or "SIGTERM"))
    half.kill("SIGUSR1")

    line = half.wait_for_log("received").strip().rpartition("received ")[2]
    kept = re.match(r"HTTP/1\.\d [1-4]", line)
    page = "signals.html#exec-form-finishes-requests"
    require(kept, f"a request in progress during the stop gets: {line}", page)


def test_stops_in_time(start):
    """An idle container exits with 0 within ten seconds; then Docker would kill it, with code 137.

    https://docs.docker.com/reference/cli/docker/container/stop/
    """
    stopped = start().stop()

    line = f"docker stop took {stopped.seconds:.1f} s, and the exit code is {stopped.exit_code}"
    require(stopped.exit_code == 0, line, "signals.html#shell-form-keeps-sigterm")


@pytest.mark.waits
def test_turns_unhealthy_when_it_hangs(start, container):
    """A HEALTHCHECK, if any, is healthy, and unhealthy once all processes are suspended."""
    check = container.handle.config.healthcheck  # Podman's image has it in another place
    if check is None or (check.test or ["NONE"]) == ["NONE"]:
        pytest.skip("the image has no HEALTHCHECK, see health-checks.html")
    container = start(**EACH_SECOND, health_timeout=5)
    wait_for_health(container, "healthy", "health-checks.html#image-without-curl-is-never-healthy")

    container.handle.execute(["python", "-c", STOP_THE_OTHERS], user="root")
    container.kill("SIGSTOP")

    wait_for_health(container, "unhealthy", "health-checks.html#check-fails-without-a-good-answer")


def test_responds_to_health_checks_for_any_host(container, pytestconfig):
    """The given path, if any, returns 200 even if the client uses the container's address."""
    if not (path := pytestconfig.option.health_path):
        pytest.skip("no --health-path is given, see health-checks.html")
    status = container.get(path, headers={"Host": "10.0.0.1"}).status_code

    page = "health-checks.html#check-ignores-host-and-https"
    require(status == 200, f"{path} returns {status} for the host 10.0.0.1", page)
