"""A Django form, sent as a browser sends it: for the pages on each way to deploy."""

import re

import httpx

from harness.container import PATIENCE, TLS

LOGIN = "/admin/login/"
TOKEN = re.compile(r'csrfmiddlewaretoken" value="(\w+)"')
SIGN_IN = {"username": "nobody", "password": "wrong"}
PASSED = "Please enter the correct username"  # the admin's words, once the CSRF check has passed
HTTPS = {"X-Forwarded-Proto": "https"}  # what a proxy that terminates TLS adds


def posted(address, host, headers=HTTPS, **options: object):
    """Post the admin's login form, which a browser got over HTTPS, and return the response.

    `headers` are those that the proxy adds; `options` are those of httpx.Client.
    """
    headers = {"Host": host, "Origin": f"https://{host}", **headers}
    options = {"timeout": PATIENCE, "verify": TLS, **options}
    with httpx.Client(base_url=address, headers=headers, **options) as browser:
        page = browser.get(LOGIN)
        form = {**SIGN_IN, "csrfmiddlewaretoken": TOKEN.search(page.text)[1]}
        return browser.post(LOGIN, data=form)
