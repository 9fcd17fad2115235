"""The proofs of docs/troubleshooting/request-too-large.md."""

ENTRY = "troubleshooting/request-too-large"
SERVE = ["gunicorn", "wsgiref.simple_server:demo_app", "--bind", "0.0.0.0:8000"]
LONG_LINE = {"path": f"/?{'x' * 5000}"}
LARGE_COOKIE = {"headers": {"Cookie": "x" * 9000}}
MANY_HEADERS = {"headers": {f"X-{n}": "x" for n in range(110)}}
LARGER = "--limit-request-line 8190 --limit-request-field_size 16380 --limit-request-fields 200"


def test_log_names_the_limit(plain_image, run, replay):
    """A long line, a large cookie and many headers are logged, each with a reason of its own."""
    container = run(plain_image, *SERVE)
    for request in LONG_LINE, LARGE_COOKIE, MANY_HEADERS:
        container.get(**request)
    container.wait_for_log("Invalid request", count=3)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_larger_limits_let_large_requests_through(plain_image, run):
    """With the three options, the same three requests are answered."""
    container = run(plain_image, *SERVE, env={"GUNICORN_CMD_ARGS": LARGER})

    requests = LONG_LINE, LARGE_COOKIE, MANY_HEADERS
    assert [container.get(**request).status_code for request in requests] == [200, 200, 200]
