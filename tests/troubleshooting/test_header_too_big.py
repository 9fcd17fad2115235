"""The proofs of docs/troubleshooting/header-too-big.md."""

import pytest

from harness import ROOT, SNIPPETS
from scenarios.nginx import Nginx

ENTRY = "troubleshooting/header-too-big"
LOCATION = """
    location / {{
        proxy_pass http://{}:8000;
        {}
    }}
"""
PROBE = (ROOT / "tests/probes/large_headers.py", "/app/large_headers.py", "ro")


@pytest.fixture(scope="module")
def web(running, plain_image):
    """Return Gunicorn with an application whose response has a cookie of 10 kB."""
    command = ["gunicorn", "large_headers", "--bind", "0.0.0.0:8000"]
    with running(plain_image, *command, volumes=[PROBE]) as container:
        container.wait_for_log("Booting worker")
        yield container


def test_large_headers_of_a_response_are_a_502(web, build, run, replay, tmp_path):
    """Gunicorn responds with 200, but nginx does not forward the response."""
    proxy = Nginx(build, run, tmp_path, LOCATION.format(web.ip_address, ""))

    assert (web.get().status_code, proxy.get().status_code) == (200, 502)
    proxy.container.wait_for_log("upstream sent too big header")
    replay(f"{ENTRY}/line.console", proxy=proxy.id)
    replay(f"{ENTRY}/confirm.console", web=web.handle.id)


def test_larger_buffer_lets_large_headers_through(web, build, run, tmp_path):
    """With the page's lines in the location, the response reaches the client."""
    buffers = (SNIPPETS / ENTRY / "large.buffers.conf").read_text()
    proxy = Nginx(build, run, tmp_path, LOCATION.format(web.ip_address, buffers))

    assert proxy.get().status_code == 200
