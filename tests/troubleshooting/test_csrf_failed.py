"""The proofs of docs/troubleshooting/csrf-failed.md."""

import json

import httpx

from harness.container import TLS

ENTRY = "troubleshooting/csrf-failed"
TOKEN = "a" * 32
FORM = {"Host": "shop.example", "Origin": "https://shop.example"}
FORM |= {"Cookie": f"csrftoken={TOKEN}", "X-CSRFToken": TOKEN, "X-Forwarded-Proto": "https"}
POST = f"""
import http.client
client = http.client.HTTPConnection("127.0.0.1", 8000)
client.request("POST", "/echo/", headers={json.dumps(FORM)})
print(client.getresponse().status)
"""


def test_proxy_that_is_not_believed_fails_the_origin(plain_image, run, replay):
    """The same form comes from outside, and from 127.0.0.1, whose headers Gunicorn believes."""
    container = run(plain_image, env={"ALLOWED_HOSTS": FORM["Host"]})

    refused = httpx.post(f"{container.address}/echo/", headers=FORM, verify=TLS)

    assert refused.status_code == 403
    assert "CSRF verification failed" in refused.text
    assert container.exec("python", "-c", POST) == "200"
    container.wait_for_log("Origin checking failed")
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
