"""The proofs of docs/json-logs.md."""

import json
import re
import socket

import pytest
import yaml

from harness import ROOT, SNIPPETS
from harness.container import wait_until
from harness.texts import edited
from scenarios.databases import Postgres
from scenarios.logged import APP, NGINX, as_json, of_nginx

PAGE = "json-logs"
DATABASE = SNIPPETS / PAGE / "postgresql.compose.override.yaml"
FIELDS_FILE = (SNIPPETS / PAGE / "fields.json_logs.py").read_text()
WARN = """
import logging.config
logging.config.dictConfig(LOGGING)
logging.getLogger("django").warning("renamed")
"""
WRONG = f"{PAGE}/wrong-hand-written.gunicorn.conf.py"
ATTACKS = [
    '"',
    "\\",
    '\\"',
    '", "status": 200, "x": "',
    '\\", \\"status\\": 200, \\"x\\": \\"',
    '"}{"logger": "forged"}',
    "\\u0022, \\n\\r",
    "a\tb",
    "\x85 \xe2\x80\xa8 \xff",
]
SAID = 'one\n{"logger": "forged", "level": "ERROR"}\r\n\u2028"\\'


@pytest.fixture(scope="module")
def image(build):
    """Build the app image with the files from both pages."""
    options = as_json(TIME_ZONE)
    options["files"] = [*options["files"], f"{PAGE}/id.sql_comments.py"]
    options["changes"]["core/settings.py"] += (SNIPPETS / PAGE / "sql.settings.py").read_text()
    return build(APP, **options)


@pytest.fixture(scope="module")
def web(image, running):
    """Return a container that the tests share."""
    with running(image) as web:
        web.wait_for_log("Booting worker", count=2)
        yield web


@pytest.fixture(scope="module")
def site(image, proxying):
    """Return nginx, which logs JSON too, and Gunicorn behind it."""
    files = NGINX | {"conf.d/access-log.conf": f"{PAGE}/json.access-log.conf"}
    env = {"DATABASE_URL": "postgres://app:secret@db/app"}
    with proxying(image=image, nginx=of_nginx(files), env=env) as site:
        yield site


@pytest.fixture(scope="module")
def database(site, official, running):
    """Return the site's PostgreSQL, which has the options from the page's Compose file."""
    command = yaml.safe_load(DATABASE.read_text())["services"]["db"]["command"]
    options = {"env": {"POSTGRES_PASSWORD": "secret"}, "networks": [site.network]}
    options |= {"network_aliases": ["db"], "ready": ""}
    with running(official("postgres:18"), *command, **options) as container:
        yield Postgres(container, site.network)


def test_every_line_is_json(web):
    """Checks the lines of the startup, a traceback, a missing page and two requests."""
    for path in "/fail/?every", "/missing/?every":
        web.get(path)
    log = web.wait_for_log("GET /missing/?every")
    lines = [json.loads(line) for line in log.splitlines() if not line.startswith("turn ")]

    assert {line["logger"] for line in lines} >= {
        "gunicorn.error",
        "gunicorn.access",
        "django.request",
    }
    assert all(line.keys() >= FIELDS for line in lines)
    assert all(line["time"].endswith("+00:00") for line in lines)
    [error] = [x for x in lines if x["message"] == "Internal Server Error: /fail/"][-1:]
    assert "RuntimeError: probe failed" in error["traceback"]
    assert error["status"] == 500


def test_request_has_a_field_for_each_value(web, replay):
    """Numbers are JSON numbers, and the client's address is the one that the proxy sent."""
    headers = {"User-Agent": "a browser", "X-Forwarded-For": "203.0.113.9"}
    response = web.get("/whoami/?fields", headers=headers)
    [line] = found(web, "/whoami/?fields")
    replay(f"{PAGE}/see.console", web=web.handle.id)

    assert line.pop("seconds") > 0
    assert line.pop("bytes") == len(response.content)
    shown = {key: line[key] for key in SHOWN}
    assert shown == SHOWN | {"request_id": response.headers["X-Request-ID"]}


@pytest.mark.parametrize("text", ATTACKS, ids=ascii)
def test_header_breaks_no_line_and_forges_no_field(web, text):
    """The client's user agent and path are unchanged in their two fields."""
    in_path = text.split()[0] if text.isascii() else ""  # Gunicorn rejects other characters
    request = f"GET /whoami/?attack={ATTACKS.index(text)}-{in_path} HTTP/1.1"
    send(web, request, f"User-Agent: {text}")
    [line] = found(web, request.partition("-")[0].removeprefix("GET "))

    assert line["user_agent"] == text.strip(" ")
    assert line["message"] == request
    assert (line["status"], line["path"], line["logger"]) == (200, "/whoami/", "gunicorn.access")
    assert line.keys() == FIELDS | SHOWN.keys() | {"bytes", "seconds", "referer"}


def test_renamed_level_is_in_its_new_field(web):
    """A line that the changed file writes has the level under the new name only."""
    renamed = edited(FIELDS_FILE, {'"level"': '"severity"'})
    line = json.loads(web.exec("sh", "-c", 'python -c "$0" 2>&1', renamed + WARN))

    assert (line["severity"], line["message"]) == ("WARNING", "renamed")
    assert line.keys() == FIELDS - {"level"} | {"severity"}


def test_client_field_is_what_the_client_sends(web):
    """Without a proxy, even a text that is not an address is in the field."""
    send(web, "GET /whoami/?forwarded HTTP/1.1", "X-Forwarded-For: not an address")
    [line] = found(web, "/whoami/?forwarded")

    assert line["client"] == "not an address"


def test_line_end_of_a_client_is_escaped(web):
    """A view logs a parameter with line breaks: one object, with the text as its message."""
    web.get("/say/", params={"text": SAID})
    log = web.wait_for_log("GET /say/?")
    lines = [json.loads(line) for line in log.splitlines() if "forged" in line]

    assert [line["message"] for line in lines if line["logger"] == "core.talking"] == [SAID]
    assert {line["logger"] for line in lines} == {"core.talking", "gunicorn.access"}


def test_line_end_in_a_header_is_refused(web):
    """A bare line feed or a folded header returns 400, and the line about it is an object."""
    for number, header in enumerate(["X: a\n{}", "X: a\r\n {}", "X: a\r{}"]):
        answer = send(web, f"GET /?line-end={number} HTTP/1.1", header)
        assert answer.startswith(b"HTTP/1.1 400")
    log = web.wait_for_log("Invalid request from", count=3)

    lines = [json.loads(line) for line in log.splitlines() if "Invalid request" in line]
    assert {line["logger"] for line in lines} == {"gunicorn.error"}


def test_hand_written_format_breaks(build, run):
    """A quote is escaped, but a backslash or a tab in the user agent makes the line invalid."""
    image = build("signals/exec-form.Dockerfile", files=[WRONG])
    container = run(image)
    valid = {}
    for text in 'a "browser"', "C:\\", "a\tb":
        send(container, "GET /whoami/ HTTP/1.1", f"User-Agent: {text}")
        log = container.wait_for_log("GET /whoami/", count=len(valid) + 1)
        valid[text] = is_json(log.splitlines()[-1])

    assert valid == {'a "browser"': True, "C:\\": False, "a\tb": False}


def test_prints_stay_text(web):
    """A view's printed line is not an object, and stays in order among the other lines."""
    web.get("/talk/")
    log = web.wait_for_log("GET /talk/")
    turns = [line for line in log.splitlines() if "turn " in line]

    assert [is_json(line) for line in turns] == [False, True] * 200


def test_access_log_costs_more_than_its_format():
    """In the page's table, each access log adds more to a request than JSON adds to text."""
    table = json.loads((ROOT / "docs/_data/json-logs.json").read_text())["tables"]["overhead"]
    silent, *logged = [row[1] for row in table["rows"]]
    *_, text, in_json = logged

    assert len(logged) == 3
    assert min(logged) - silent > in_json - text


def test_id_is_in_the_json_of_all_three(site):
    """For one request, nginx, Gunicorn and Django all log the response's ID."""
    response = site.get("/fail/?three", headers={"User-Agent": 'a "b" \\'})
    sent = response.headers["X-Request-ID"]
    logs = site.nginx.wait_for_log("GET /fail/?three") + site.web.wait_for_log("GET /fail/?three")
    lines = [json.loads(line) for line in logs.splitlines() if sent in line]

    ids = {line["logger"]: line["request_id"] for line in lines}
    assert ids == dict.fromkeys(["nginx", "gunicorn.access", "django.request"], sent)
    agents = {line["user_agent"] for line in lines if "user_agent" in line}
    assert agents == {'a "b" \\'}


def test_id_is_in_postgresqls_json_too(site, database):
    """A statement fails: the same ID is in the lines of nginx, Gunicorn, Django and PostgreSQL."""
    sent = site.get("/sql/", params={"run": "SELECT 1/0"}).headers["X-Request-ID"]
    [failed] = wait_until(lambda: logged(database, sent))
    loggers = {"nginx", "gunicorn.access", "django.request"}
    found = wait_until(lambda: loggers <= loggers_of(site, sent))

    assert found, loggers_of(site, sent)
    assert (failed["error_severity"], failed["message"]) == ("ERROR", "division by zero")
    assert failed["statement"] == f"/* {sent} */ SELECT 1/0"


def test_statement_outside_a_request_has_no_id(site, database):
    """A statement that fails in a management command is logged without a comment before it."""
    statement = "SELECT 2/0"
    run = f"from django.db import connection; connection.cursor().execute('{statement}')"
    site.web.exec("sh", "-c", f'python manage.py shell --command "{run}" || true')

    [failed] = wait_until(lambda: logged(database, statement))
    assert failed["statement"] == statement


def test_slow_statement_begins_with_the_request_id(site, database):
    """While a statement runs, pg_stat_activity shows the ID, and later the log does."""
    answer = site.nginx.start_get("/sql/?run=SELECT+pg_sleep(2)")
    running = wait_until(lambda: database.sql(RUNNING))
    sent = answer.result().headers["X-Request-ID"]
    [slow] = wait_until(lambda: logged(database, sent))

    assert running == f"/* {sent} */ SELECT pg_sleep(2)"
    assert re.fullmatch(r"duration: \d+\.\d+ ms  statement: (.*)", slow["message"])[1] == running


TIME_ZONE = 'TIME_ZONE = "Asia/Kolkata"\n'
FIELDS = {"time", "level", "logger", "process", "request_id", "message"}
SHOWN = {
    "level": "INFO",
    "logger": "gunicorn.access",
    "request_id": "",
    "message": "GET /whoami/?fields HTTP/1.1",
    "client": "203.0.113.9",
    "method": "GET",
    "path": "/whoami/",
    "status": 200,
    "user_agent": "a browser",
}


RUNNING = "SELECT query FROM pg_stat_activity WHERE query LIKE '/*%pg_sleep%'"


def loggers_of(site, sent):
    """Return the loggers of nginx's, Gunicorn's and Django's lines with this request ID."""
    lines = (site.nginx.logs() + site.web.logs()).splitlines()
    found = [json.loads(line) for line in lines if sent in line]
    return {line["logger"] for line in found if line["request_id"] == sent}


def logged(database, text):
    """Return the objects in PostgreSQL's log whose text contains this."""
    lines = database.container.exec("sh", "-c", 'cat "$PGDATA"/log/*.json').splitlines()
    return [json.loads(line) for line in lines if text in line]


def send(container, line, header):
    """Send a raw request, and return the beginning of the response."""
    request = f"{line}\r\nHost: 127.0.0.1\r\n{header}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", container.ports[0])) as client:
        client.sendall(request.encode("latin-1"))
        return client.recv(1000)


def found(container, path):
    """Return the access log's objects for a path."""
    log = container.wait_for_log(f"GET {path}")
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [x for x in lines if path in x["message"] and x["logger"] == "gunicorn.access"]


def is_json(line):
    """Whether a line is a JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
