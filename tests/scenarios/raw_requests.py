"""Raw requests that older versions of Gunicorn accepted."""

import json

from harness import PROBES

EXEC_FORM = "signals/exec-form.Dockerfile"
PROJECT = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000"]
GUNICORN = ["gunicorn", "wsgiref.simple_server:demo_app", *PROJECT[2:]]
HOST = "Host: web\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
LAST_CHUNK = "0\r\n\r\n"
UNDERSCORE = "an underscore in a header's name"
UNUSUAL = "a method of 21 letters", "HTTP/2.0 in the first line", "a header over two lines"


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
ASK = (PROBES / "send_raw.py").read_text()


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
