"""The proofs of docs/troubleshooting/request-too-large.md."""

import pytest

ENTRY = "troubleshooting/request-too-large"
SERVE = ["gunicorn", "wsgiref.simple_server:demo_app", "--bind", "0.0.0.0:8000"]
LONG_LINE = {"path": f"/?{'x' * 5000}"}
LARGE_COOKIE = {"headers": {"Cookie": "x" * 9000}}
MANY_HEADERS = {"headers": {f"X-{n}": "x" for n in range(110)}}
REQUESTS = [LONG_LINE, LARGE_COOKIE, MANY_HEADERS]
OPTIONS = ["line 8190", "field_size 16380", "fields 200"]
LARGER = " ".join(f"--limit-request-{option}" for option in OPTIONS)


def test_log_names_the_limit(plain_image, run, replay):
    """A long line, a large cookie and many headers are logged, each with its own reason."""
    container = run(plain_image, *SERVE)
    for request in REQUESTS:
        container.get(**request)
    container.wait_for_log("Invalid request", count=3)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_larger_limits_let_large_requests_through(plain_image, run):
    """With the three options, the same three requests return 200."""
    container = run(plain_image, *SERVE, env={"GUNICORN_CMD_ARGS": LARGER})

    assert [container.get(**request).status_code for request in REQUESTS] == [200, 200, 200]


@pytest.mark.parametrize("option", OPTIONS)
def test_each_line_has_its_option(plain_image, run, option):
    """With one limit raised, its request returns 200, and the other two are rejected."""
    container = run(plain_image, *SERVE, env={"GUNICORN_CMD_ARGS": f"--limit-request-{option}"})

    passed = [container.get(**request).status_code == 200 for request in REQUESTS]
    assert passed == [option == of_this_request for of_this_request in OPTIONS]
