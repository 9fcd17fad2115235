"""The proofs of docs/troubleshooting/contradictory-scheme-headers.md."""

import pytest

from harness.texts import edited
from scenarios.nginx import Nginx

ENTRY = "troubleshooting/contradictory-scheme-headers"
SERVE = ["gunicorn", "core.wsgi", "--no-control-socket"]
HTTPS = {"X-Forwarded-Proto": "https"}
FROM_THE_OUTER = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on"}
PASSES_ON = """
    location / {
        proxy_pass http://127.0.0.1:8000;
    }
"""
CONTRADICTS = edited(PASSES_ON, {";": ";\n        proxy_set_header X-Forwarded-Proto $scheme;"})


def test_inner_proxy_contradicts_the_outer(build, plain_image, run, replay, tmp_path):
    """The outer proxy terminates TLS; nginx is the inner one, with or without its own scheme."""
    proxy = Nginx(build, run, tmp_path, CONTRADICTS)
    inside = {"networks": [f"container:{proxy.id}"], "publish_all": False}
    container = run(plain_image, *SERVE, **inside)
    contradicted = proxy.get("/echo/", headers=FROM_THE_OUTER)
    container.wait_for_log("Contradictory")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", proxy=proxy.id)
    proxy.change(PASSES_ON)
    assert contradicted.status_code == 400
    assert proxy.get("/echo/", headers=FROM_THE_OUTER).json()["is_secure"]


@pytest.mark.parametrize(
    ("name", "right"), [("X-Forwarded-Protocol", "ssl"), ("X-Forwarded-Ssl", "on")]
)
def test_https_in_the_wrong_header_contradicts(plain_image, run_once, name, right):
    """Two headers say `https`, but one of them should have another value."""
    container = run_once(plain_image, env={"FORWARDED_ALLOW_IPS": "*", "ALLOWED_HOSTS": "web"})
    wrong, agreed = (
        container.get("/echo/", headers={"Host": "web", **HTTPS, name: value})
        for value in ("https", right)
    )

    assert wrong.status_code == 400
    assert agreed.json()["is_secure"]
