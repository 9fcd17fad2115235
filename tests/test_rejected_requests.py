"""The proofs of docs/rejected-requests.md."""

import json
import re

from harness import measured

EXEC_FORM = "signals/exec-form.Dockerfile"
PROJECT = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000"]
GUNICORN = ["gunicorn", "wsgiref.simple_server:demo_app", *PROJECT[2:]]
DATA = measured.DATA / "rejected-requests.json"
HOST = "Host: web\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
LAST_CHUNK = "0\r\n\r\n"
UNDERSCORE = "an underscore in a header's name"
UNUSUAL = "a method of 21 letters", "HTTP/2.0 in the first line", "a header over two lines"
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


def get(headers="", line="GET / HTTP/1.1", body=""):
    """Return a raw request, with each byte as a character."""
    return f"{line}\r\n{HOST}{headers}\r\n{body}"


REQUESTS = {
    "nothing unusual": get(),
    UNDERSCORE: get("X_Real_Ip: 192.0.2.1\r\n"),
    "`Content-Length` and `Transfer-Encoding`": get(
        f"Content-Length: 5\r\n{CHUNKED}", body=LAST_CHUNK
    ),
    "`chunked` in HTTP/1.0": get(CHUNKED, "GET / HTTP/1.0", LAST_CHUNK),
    "an unknown `Transfer-Encoding`": get("Transfer-Encoding: unknown\r\n"),
    "a colon in the method": get(line="GE:T / HTTP/1.1"),
    UNUSUAL[0]: get(line=f"{'A' * 21} / HTTP/1.1"),
    UNUSUAL[1]: get(line="GET / HTTP/2.0"),
    "two spaces in the first line": get(line="GET  / HTTP/1.1"),
    "a header without a name": get(": value\r\n"),
    UNUSUAL[2]: get("X-Real-Ip: 192.0.2.1,\r\n 192.0.2.2\r\n"),
    "NUL in a header": get("X-Real-Ip: \0\r\n"),
    "`Transfer-Encoding: chunked, gzip`": get("Transfer-Encoding: chunked, gzip\r\n"),
    "`Expect` other than `100-continue`": get("Expect: other\r\n"),
    "a control character in a header": get("X-Real-Ip: \1\r\n"),
    "a target without a slash": get(line="GET index HTTP/1.1"),
    "`*` as target": get(line="GET * HTTP/1.1"),
    "`Host` twice": get(HOST),
    "`Content-Type` twice": get("Content-Type: text/plain\r\n" * 2),
    "`Transfer-Encoding` without `chunked`": get("Transfer-Encoding: gzip\r\n"),
    "a non-ASCII target": get(line="GET /?q=é HTTP/1.1"),
    "a first line that is too long": get(line=f"GET /{'a' * 5000} HTTP/1.1"),
    "a header that is too long": get(f"X-Real-Ip: {'a' * 9000}\r\n"),
    "101 headers": get("X-Real-Ip: 192.0.2.1\r\n" * 100),
    "an empty line before the first line": f"\r\n{get()}",
    "lines that end in `\\n`": "GET / HTTP/1.1\nHost: web\n\n",
}
ASK = """
import json, socket, sys
answers = []
for request in json.loads(sys.argv[1]):
    with socket.create_connection(("127.0.0.1", 8000)) as connection:
        connection.settimeout(60)
        answer = b""
        try:
            connection.sendall(request.encode("latin-1"))
            connection.shutdown(socket.SHUT_WR)
            while some := connection.recv(65536):
                answer += some
        except OSError as e:
            print(e, file=sys.stderr)
        answers.append(answer.decode("latin-1"))
print(json.dumps(answers))
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
    assert len(re.findall(INVALID, container.logs())) == len(refused)


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


def ask_all(container):
    """Send each request from inside the container, and return its outcome."""
    container.wait_for_log("Booting worker")
    answers = container.exec("python", "-c", ASK, json.dumps(list(REQUESTS.values())))
    return {n: fate(n, answer) for n, answer in zip(REQUESTS, json.loads(answers), strict=True)}


def fate(name, answer):
    """Return a response's status, or what the application received."""
    if not answer:
        return "no response"
    status = answer.split()[1]
    if name == UNDERSCORE and status == "200":
        return "passed on" if "HTTP_X_REAL_IP" in answer else "dropped"
    return status


def seen_by_django(container):
    """Return the headers as Django sees them."""
    return container.exec("python", "-c", SEEN).strip()
