"""The proofs of docs/logging.md."""

import re
import socket
import subprocess
from contextlib import suppress

import httpx
import pytest

from harness.container import wait_until
from scenarios.logged import APP, CONF, STREAMS, changes, of_nginx

FILES = ["logging/text.logs.py", CONF]
FAR = 'TIME_ZONE = "Asia/Kolkata"\n'
LINE = re.compile(r"(?m)^\[\S+ \S+ (\S+)\] \[(\d+)\] \[(\w+)\] \[(\S+)\] (.*)$")
FORGED = "forged-by-the-client"
WELL_FORMED = [FORGED, "a" * 8, "a" * 64]
ILL_FORMED = ["a" * 7, "a" * 65, "] [ERROR] [x] all is lost", ""]
ONE_THREAD = {"GUNICORN_CMD_ARGS": "--workers 1 --worker-class gthread --threads 1"}
SERVE = ["gunicorn", "core.wsgi", "--bind=0.0.0.0:8000", "--no-control-socket"]
INVALID = b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n"


@pytest.fixture(scope="module")
def image(build):
    """Build the app image with both of the page's files, in a time zone other than UTC."""
    return build(APP, files=FILES, changes=changes(FAR))


@pytest.fixture(scope="module")
def web(image, running):
    """Return a container for all tests that only look at it."""
    with running(image) as web:
        web.wait_for_log("Booting worker", count=2)
        yield web


@pytest.fixture(scope="module")
def site(image, proxying):
    """Return nginx with both of its files, and Gunicorn behind it."""
    with proxying(image=image, nginx=of_nginx()) as site:
        yield site


def test_traceback_has_the_id_of_its_request(web):
    """With DEBUG off, the response's ID is in the traceback's first line and the request's line."""
    response = web.get("/fail/?traceback")
    sent = response.headers["X-Request-ID"]
    log = web.wait_for_log("GET /fail/?traceback")

    assert response.status_code == 500
    lines = {line[2] + " " + line[4] for line in read(log) if line[3] == sent}
    assert "ERROR Internal Server Error: /fail/" in lines
    assert any('"GET /fail/?traceback HTTP/1.1" 500' in line for line in lines)
    after = log.partition(f"[{sent}] Internal Server Error")[2]
    assert after.splitlines()[1] == "Traceback (most recent call last):"
    assert "RuntimeError: probe failed" in after


def test_lines_are_in_one_time_zone(web):
    """All lines are in UTC, from the master, both workers, Django and requests."""
    web.get("/fail/?zone")
    log = web.wait_for_log("GET /fail/?zone")
    lines = read(log)
    talkers = {line[1] for line in lines}

    assert {line[0] for line in lines} == {"+0000"}
    assert len(talkers) == 3
    assert not re.search(r"(?m)^\[\d{4}-(?!.*\+0000)", log)
    [now] = web.exec("date", "--utc", "+%Y-%m-%d").splitlines()
    assert f"[{now} " in log


def test_lines_keep_their_order(web):
    """A view alternates between printing and logging: hundreds of lines, all in order."""
    web.get("/talk/")
    log = docker_logs(web, "GET /talk/")

    assert [int(turn) for turn in re.findall(r"\bturn (\d+)$", log, re.MULTILINE)] == [*range(400)]


@pytest.mark.docker_only("two readers of one container's output")
def test_two_streams_may_be_swapped(image, run):
    """A program writes thousands of lines, alternating between stdout and stderr."""
    container = run(image, "python", "-c", STREAMS, ready="")
    assert container.exit_code == 0
    turns = [int(turn) for turn in re.findall(r"turn (\d+)", docker_logs(container, "turn 4999"))]

    assert sorted(turns) == [*range(5000)]
    assert turns != sorted(turns)


def test_variable_sets_the_level(image, run):
    """With `warning`, startup is not logged, but tracebacks and requests are; `debug` logs more."""
    quiet = run(image, env={"LOG_LEVEL": "warning"}, ready="")
    assert wait_until(lambda: failed(quiet))
    log = quiet.wait_for_log('"GET /fail/')
    debug = run(image, env={"LOG_LEVEL": "debug"})
    debug.get("/fail/")

    assert "Listening at" not in log
    assert "RuntimeError: probe failed" in log
    assert "[DEBUG]" in debug.wait_for_log('"GET /fail/')


def test_wrong_level_stops_gunicorn(image, run):
    """The only line shows the unknown level."""
    container = run(image, env={"LOG_LEVEL": "chatty"}, ready="")

    assert container.exit_code == 1
    container.wait_for_log("Error: Unable to configure logger")


def test_healthy_checks_are_left_out(web):
    """A successful check is not logged, but a failed check and a page are."""
    for path in "/health/", "/health/missing", "/whoami/?end":
        web.get(path)
    log = web.wait_for_log("GET /whoami/?end")

    assert '"GET /health/missing HTTP/1.1" 404' in log
    assert '"GET /health/ ' not in log


def test_slow_request_is_a_warning(web):
    """A request longer than a second is logged as a warning, with its duration."""
    for seconds in "0.01", "1.01":
        web.get(f"/sleep/{seconds}/")
    log = web.wait_for_log("GET /sleep/1.01/")
    found = {
        re.search(r"GET (\S+)", line[4])[1]: line for line in read(log) if "/sleep/" in line[4]
    }

    assert found["/sleep/0.01/"][2] == "INFO"
    assert found["/sleep/1.01/"][2] == "WARNING"
    assert 1 <= float(re.search(r"(\d+\.\d+)s$", found["/sleep/1.01/"][4])[1]) < 10


def test_request_without_a_proxy_gets_an_id(web):
    """Two requests get two IDs; an ID of a proxy's length and letters is kept, others are not."""
    ids = [web.get("/whoami/").headers["X-Request-ID"] for _ in range(2)]
    kept, replaced = (
        [
            web.get("/whoami/", headers={"X-Request-ID": text}).headers["X-Request-ID"]
            for text in sent
        ]
        for sent in (WELL_FORMED, ILL_FORMED)
    )

    assert kept == WELL_FORMED
    assert len({*ids, *replaced}) == len(ids) + len(ILL_FORMED)
    assert all(re.fullmatch("[0-9a-f]{32}", text) for text in [*ids, *replaced])


def test_line_between_requests_has_no_id(image, run, replay):
    """After a request, the same thread rejects an invalid one, whose line shows a dash."""
    container = run(image, env=ONE_THREAD)
    container.get("/fail/")
    with socket.create_connection(("127.0.0.1", container.ports[0])) as client:
        client.sendall(INVALID)
        client.recv(1000)
    log = container.wait_for_log("Invalid request from")

    [line] = [line for line in read(log) if line[4].startswith("Invalid request from")]
    assert line[3] == "-"
    replay("logging/see.console", web=container.handle.id)


def test_id_goes_through_nginx_gunicorn_and_django(site):
    """All three lines show the response's ID, which is not the one that the client forged."""
    response = site.get("/fail/?through", headers={"X-Request-ID": FORGED})
    [sent] = response.headers.get_list("X-Request-ID")
    gunicorn = site.web.wait_for_log("GET /fail/?through")
    nginx = site.nginx.wait_for_log("GET /fail/?through")

    assert sent != FORGED
    assert sent in line_with(nginx, "GET /fail/?through")
    assert sent in line_with(gunicorn, "GET /fail/?through")
    assert f"[{sent}] Internal Server Error: /fail/" in gunicorn
    assert FORGED not in nginx + gunicorn


def test_nginx_leaves_out_healthy_checks(site):
    """A check that succeeds is not in nginx's log, but a failed check and a page are."""
    for path in "/health/", "/health/missing", "/whoami/?after-checks":
        site.get(path)
    log = site.nginx.wait_for_log("GET /whoami/?after-checks")

    assert '"GET /health/missing HTTP/1.1" 404' in log
    assert '"GET /health/ HTTP/1.1" 200' not in log


def test_client_begins_the_line(site):
    """Behind nginx, the access log shows the address that nginx saw."""
    site.get("/whoami/?client")
    nginx = line_with(site.nginx.wait_for_log("GET /whoami/?client"), "GET /whoami/?client")
    gunicorn = line_with(site.web.wait_for_log("GET /whoami/?client"), "GET /whoami/?client")

    client = re.search(r"(\S+) \"GET", nginx)[1]
    assert f'] {client} "GET /whoami/?client' in gunicorn


def test_killed_worker_leaves_no_line_of_its_request(site):
    """The worker exits during the request: only nginx logs a line, with its error page's ID."""
    response = site.get("/exit/9/")
    sent = response.headers["X-Request-ID"]
    nginx = site.nginx.wait_for_log('"GET /exit/9/ HTTP/1.1" 502')
    gunicorn = site.web.wait_for_log("Booting worker", count=3)

    assert response.status_code == 502
    assert sent in line_with(nginx, '"GET /exit/9/ HTTP/1.1" 502')
    assert "GET /exit/9/" not in gunicorn
    assert sent not in gunicorn
    assert re.search(r"\[ERROR\].* Worker \(pid:\d+\) exited with code 9", gunicorn)


@pytest.mark.docker_only("this logging driver")
def test_docker_keeps_all_lines_unless_limited(image, run):
    """A program writes more than the limit; without a limit, its first line is kept."""
    command = ["python", "-c", STREAMS]
    limited = run(image, *command, ready="", log_driver="json-file", log_options=LIMIT)
    unlimited = run(image, *command, ready="", log_driver="json-file")
    assert unlimited.exit_code == limited.exit_code == 0
    logs = [docker_logs(container, "turn 4") for container in (limited, unlimited)]

    assert [bool(re.search(r"(?m)^turn 0$", log)) for log in logs] == [False, True]


LIMIT = ["max-size=10k", "max-file=2"]


def read(log):
    """Return each line's time zone, process, level, request ID and message."""
    return LINE.findall(log)


def line_with(log, text):
    """Return the only log line with this text."""
    [line] = [line for line in log.splitlines() if text in line]
    return line


def failed(container):
    """Request the failing page, and return whether Django has responded."""
    with suppress(httpx.TransportError):
        return container.get("/fail/").status_code == 500


def docker_logs(container, text):
    """Return both streams of `docker logs` in the terminal's order, up to a text."""
    container.wait_for_log(text)
    command = [*container.docker.client_config.docker_cmd, "logs", container.handle.id]
    return subprocess.check_output(command, stderr=subprocess.STDOUT, text=True)
