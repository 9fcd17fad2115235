"""The proofs of docs/troubleshooting/body-too-large.md."""

import httpx
import pytest

from scenarios.nginx import Nginx

ENTRY = "troubleshooting/body-too-large"
LOCATION = """
    {1}
    location / {{
        proxy_pass http://{0}:8000;
    }}
"""
MEGABYTE = 2**20
SQLITE = {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"}


@pytest.fixture(scope="module")
def web(running, plain_image):
    """Return Gunicorn."""
    with running(plain_image, env=SQLITE) as container:
        container.wait_for_log("Booting worker")
        yield container


def test_nginx_refuses_a_large_body(web, build, run, replay, tmp_path):
    """Two megabytes are too many for nginx, but Gunicorn itself accepts them."""
    proxy = Nginx(build, run, tmp_path, LOCATION.format(web.ip_address, ""))

    assert post(proxy.container, 2).status_code == 413
    assert post(web, 2).status_code != 413
    proxy.container.wait_for_log("client intended to send too large body")
    replay(f"{ENTRY}/line.console", proxy=proxy.id)
    replay(f"{ENTRY}/confirm.console", proxy=proxy.id)


def test_larger_limit_lets_the_body_through(web, build, run, tmp_path):
    """The same request is sent before and after the change."""
    proxy = Nginx(build, run, tmp_path, LOCATION.format(web.ip_address, ""))
    before = post(proxy.container, 2).status_code

    proxy.change(LOCATION.format(web.ip_address, "client_max_body_size 20m;"))

    assert (before, post(proxy.container, 2).status_code == 413) == (413, False)


def test_django_refuses_large_form_data(web):
    """A form of three megabytes returns 400, but a file of the same size does not."""
    form = httpx.post(f"{web.address}/notes/", data={"text": 3 * MEGABYTE * "x"})
    file = httpx.post(f"{web.address}/notes/", files={"text": 3 * MEGABYTE * b"x"})

    assert form.status_code == 400
    assert file.status_code != 400
    web.wait_for_log("Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE")


def test_django_refuses_many_fields(web):
    """One field more than a thousand returns 400."""
    fields = {f"field-{n}": "" for n in range(1001)}

    assert httpx.post(f"{web.address}/notes/", data=fields).status_code == 400
    web.wait_for_log("The number of GET/POST parameters exceeded")


def post(container, megabytes):
    """Send this many megabytes to a view that does not read them."""
    return httpx.post(f"{container.address}/health/", content=megabytes * MEGABYTE * b"x")
