"""The proofs of docs/troubleshooting/contradictory-scheme-headers.md."""

from harness.texts import edited
from scenarios.nginx import Nginx

ENTRY = "troubleshooting/contradictory-scheme-headers"
SERVE = ["gunicorn", "wsgiref.simple_server:demo_app", "--no-control-socket"]
FROM_THE_OUTER = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on"}
PASSES_ON = """
    location / {
        proxy_pass http://127.0.0.1:8000;
    }
"""
CONTRADICTS = edited(PASSES_ON, {";": ";\n        proxy_set_header X-Forwarded-Proto $scheme;"})


def test_inner_proxy_contradicts_the_outer(build, plain_image, run, replay, tmp_path):
    """The outer one ends TLS, and nginx is the inner one, with its own scheme and without."""
    proxy = Nginx(build, run, tmp_path, CONTRADICTS)
    inside = {"networks": [f"container:{proxy.id}"], "publish_all": False}
    container = run(plain_image, *SERVE, **inside)
    contradicted = proxy.get(headers=FROM_THE_OUTER)
    container.wait_for_log("Contradictory")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", proxy=proxy.id)
    proxy.change(PASSES_ON)
    assert contradicted.status_code == 400
    assert "wsgi.url_scheme = 'https'" in proxy.get(headers=FROM_THE_OUTER).text
