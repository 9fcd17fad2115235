"""The proofs of docs/rejected-requests.md."""

import json
import re

from harness import measured
from harness.container import wait_until
from scenarios.raw_requests import EXEC_FORM, GUNICORN, PROJECT, UNUSUAL, ask_all

DATA = measured.DATA / "rejected-requests.json"
PERMIT = [
    "--permit-unconventional-http-method",
    "--permit-unconventional-http-version",
    "--permit-obsolete-folding",
]
INVALID = r"\[WARNING\] Invalid request from ip=127.0.0.1: \S"
HEADERS = {"X-Real-Ip": "192.0.2.1", "X_Real_Ip": "192.0.2.2", "X_Other": "other"}
SEEN = f"""
import http.client, json
client = http.client.HTTPConnection("127.0.0.1", 8000)
client.request("GET", "/echo/", headers={HEADERS})
seen = json.load(client.getresponse())["headers"]
print(seen["X-Real-Ip"], seen.get("X-Other"))
"""


def test_requests_fare_as_the_table_says(build, run_once):
    """All requests go to version 23 and to the current one, and end as in the table."""
    old = build(EXEC_FORM, requirements={"gunicorn": "23.0.0"})
    table = json.loads(DATA.read_text())["tables"]["requests"]

    fates = [ask_all(run_once(image, *GUNICORN)) for image in (old, build(EXEC_FORM))]

    column = table["columns"].index("23.0.0")
    assert fates[0] == {row[0]: row[column] for row in table["rows"]}
    assert fates[1] == {row[0]: row[-1] for row in table["rows"]}


def test_refused_request_is_logged_with_its_reason(build, run):
    """The log has a warning for each request whose response is not 200."""
    container = run(build(EXEC_FORM), *GUNICORN)

    fates = ask_all(container)

    refused = [fate for fate in fates.values() if fate.startswith(("4", "5"))]
    assert len(refused) > 20
    assert wait_until(lambda: len(re.findall(INVALID, container.logs())) == len(refused))


def test_underscore_joined_a_header_to_the_dashed_one(build, run_once):
    """Of two headers that differ only in a dash, Django got both on 21.2, and now gets one."""
    old = run_once(build(EXEC_FORM, requirements={"gunicorn": "21.2.0"}), *PROJECT)
    new = run_once(build(EXEC_FORM))

    assert seen_by_django(old) == "192.0.2.1,192.0.2.2 other"
    assert seen_by_django(new) == "192.0.2.1 None"


def test_forwarder_headers_lets_a_named_header_through(build, run):
    """The listed header reaches Django from a proxy only, and an unlisted one never does."""
    env = {"GUNICORN_CMD_ARGS": "--forwarder-headers X_OTHER"}
    trusted = run(build(EXEC_FORM), env=env)
    untrusted = run(build(EXEC_FORM), env=env | {"FORWARDED_ALLOW_IPS": "192.0.2.1"})

    assert seen_by_django(trusted) == "192.0.2.1 other"
    assert seen_by_django(untrusted) == "192.0.2.1 None"


def test_header_map_dangerous_lets_all_through(build, run):
    """Django gets the same headers as on 21.2."""
    container = run(build(EXEC_FORM), env={"GUNICORN_CMD_ARGS": "--header-map dangerous"})

    assert seen_by_django(container) == "192.0.2.1,192.0.2.2 other"


def test_permit_options_let_unusual_requests_through(build, run_once):
    """The same three requests are rejected without the options, and succeed with them."""
    without, permitted = (run_once(build(EXEC_FORM), *GUNICORN, *more) for more in ((), PERMIT))

    fates = [ask_all(container) for container in (without, permitted)]

    assert [fates[0][name] for name in UNUSUAL] == ["400", "400", "400"]
    assert [fates[1][name] for name in UNUSUAL] == ["200", "200", "200"]


def seen_by_django(container):
    """Return the headers as Django sees them."""
    return container.exec("python", "-c", SEEN).strip()
