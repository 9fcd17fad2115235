"""The proofs of docs/troubleshooting/wrong-version-number.md."""

import pytest

from scenarios.nginx import Nginx

ENTRY = "troubleshooting/wrong-version-number"
LOCATION = """
    location / {{
        proxy_pass https://{}:8000;
    }}
"""
OPEN = "get_connection(host='127.0.0.1', port=8000, use_ssl=True).open()"
MAIL = ["python", "manage.py", "shell", "--command"]
BACKEND = "from django.core.mail import get_connection"


@pytest.fixture(scope="module")
def web(running, plain_image):
    """Return Gunicorn, which listens without TLS."""
    with running(plain_image) as container:
        container.wait_for_log("Booting worker")
        yield container


def test_tls_to_the_plain_port_has_a_wrong_version(web, replay):
    """TLS to the port fails, while the port responds over plain HTTP."""
    replay(f"{ENTRY}/line.console", web=web.handle.id)
    replay(f"{ENTRY}/confirm.console", web=web.handle.id)

    web.wait_for_log("Invalid HTTP request line")


def test_nginx_has_the_same_line(web, build, run, tmp_path):
    """Over nginx, the client gets a 502."""
    proxy = Nginx(build, run, tmp_path, LOCATION.format(web.ip_address))

    assert proxy.get().status_code == 502
    log = proxy.container.wait_for_log("while SSL handshaking to upstream")
    assert "wrong version number" in log


def test_mail_has_the_same_line(web):
    """Django's mail backend starts TLS on a port without TLS."""
    command = f"try:\n    {BACKEND}; {OPEN}\nexcept Exception as error:\n    print(error)"

    assert "WRONG_VERSION_NUMBER" in web.exec(*MAIL, command)
