"""The proofs of docs/troubleshooting/csrf-failed.md."""

import json

import httpx
import pytest

from harness.container import PATIENCE, TLS
from harness.texts import edited

ENTRY = "troubleshooting/csrf-failed"
TOKEN = "a" * 32
FORM = {"Host": "shop.example", "Origin": "https://shop.example"}
FORM |= {"Cookie": f"csrftoken={TOKEN}", "X-CSRFToken": TOKEN, "X-Forwarded-Proto": "https"}
COOKIE = {"Cookie": f"csrftoken={TOKEN}"}
REASONS = {
    "Origin checking failed - https://shop.example does not": {"Origin": "https://shop.example"},
    "Origin checking failed - http://shop.example does not": {
        "Origin": "http://shop.example",
        "Host": "web.example",
    },
    "CSRF cookie not set.": {},
    "CSRF token missing.": COOKIE,
    "CSRF token from POST incorrect.": COOKIE,
}
POST = f"""
import http.client
client = http.client.HTTPConnection("127.0.0.1", 8000)
client.request("POST", "/echo/", headers={json.dumps(FORM)})
print(client.getresponse().status)
"""


def test_proxy_that_is_not_believed_fails_the_origin(plain_image, run, replay):
    """The form comes once from outside, and once from 127.0.0.1, whose headers Gunicorn trusts."""
    container = run(plain_image, env={"ALLOWED_HOSTS": FORM["Host"]})

    refused = httpx.post(f"{container.address}/echo/", headers=FORM, verify=TLS, timeout=PATIENCE)

    assert refused.status_code == 403
    assert "CSRF verification failed" in refused.text
    assert container.exec("python", "-c", POST) == "200"
    container.wait_for_log("Origin checking failed")
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_of_a_403_is_logged(plain_image, run_once, reason):
    """The forms differ in their origin, host, cookie or token."""
    container = run_once(plain_image, env={"ALLOWED_HOSTS": "shop.example,web.example"})
    headers = {"Host": "shop.example"} | REASONS[reason]
    line = f"Forbidden ({reason}"
    before = container.logs().count(line)
    form = {"csrfmiddlewaretoken": "b" * 32} if "incorrect" in reason else {}

    refused = httpx.post(
        f"{container.address}/echo/", headers=headers, data=form, verify=TLS, timeout=PATIENCE
    )

    assert refused.status_code == 403
    container.wait_for_log(line, count=before + 1)


def test_null_origin_is_refused(plain_image, run_once):
    """The form has the right host, cookie and token."""
    container = run_once(plain_image, env={"ALLOWED_HOSTS": "shop.example"})
    headers = FORM | {"Origin": "null"}

    refused = httpx.post(
        f"{container.address}/echo/", headers=headers, verify=TLS, timeout=PATIENCE
    )

    assert refused.status_code == 403
    container.wait_for_log("Forbidden (Origin checking failed - null does not match any trusted")


def test_referer_of_another_host_is_refused(plain_image, run_once):
    """Django sees HTTPS; the form has no origin, and its page has another port."""
    container = run_once(plain_image, env={"ALLOWED_HOSTS": "shop.example"})
    form = FORM | {"Referer": "https://shop.example:8443/login/"}
    del form["Origin"]

    assert (
        container.exec("python", "-c", edited(POST, {json.dumps(FORM): json.dumps(form)})) == "403"
    )
    container.wait_for_log("Forbidden (Referer checking failed - https://shop.example:8443/login/")
