"""The proofs of docs/proxy-headers.md."""

from functools import partial

import httpx
import pytest

from harness.texts import edited
from scenarios.proxied import TEXT, with_settings

FORGED = {
    "Forwarded": "for=203.0.113.9;host=forged.example;proto=https",
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "forged.example",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Ssl": "on",
    "X-Real-IP": "203.0.113.9",
}
UNDERSCORES = {name.replace("-", "_"): value for name, value in FORGED.items() if "-" in name}
UNDERSCORES |= {"SCRIPT_NAME": "/echo", "PATH_INFO": "/forged/", "REMOTE_ADDR": "203.0.113.9"}
HTTPS = {"X-Forwarded-Proto": "https"}
ENDS_TLS = edited(TEXT, {"Proto $scheme;": "Proto https;"})
LOGIN = "/admin/login/"


@pytest.fixture
def beside(by_the_page, run):
    """Return a function that starts one more nginx, with another file."""
    return partial(by_the_page.beside, run)


def test_forged_headers_reach_nothing(by_the_page):
    """What Django makes of a request is the same with each header as without."""
    for name, value in FORGED.items():
        assert seen(by_the_page, {name: value}) == seen(by_the_page, {}), name


def test_names_with_underscores_reach_nothing(by_the_page):
    """Not even those that Gunicorn takes from a proxy that it believes."""
    for name, value in UNDERSCORES.items():
        assert seen(by_the_page, {name: value}) == seen(by_the_page, {}), name


def test_forged_host_is_refused(by_the_page):
    """Django answers 400 to a name that ALLOWED_HOSTS lacks, whatever goes with it."""
    forged = {"Host": "forged.example", "X-Forwarded-Host": "127.0.0.1"}

    assert by_the_page.get("/echo/", headers=forged).status_code == 400


def test_header_left_alone_is_forged(by_the_page, beside):
    """Without the line that sets it, a client over HTTP is taken for one over HTTPS."""
    lenient = edited(TEXT, {"    proxy_set_header X-Forwarded-Proto $scheme;\n": ""})

    assert seen(beside(lenient), HTTPS)["is_secure"]
    assert not seen(by_the_page, HTTPS)["is_secure"]


def test_appended_address_comes_after_the_forged_one(beside):
    """The first one in the list is what the client wrote."""
    appends = edited(TEXT, {"For $remote_addr;": "For $proxy_add_x_forwarded_for;"})
    forged = {"X-Forwarded-For": "203.0.113.9"}

    listed = seen(beside(appends), forged)["headers"]["X-Forwarded-For"]

    assert listed.startswith("203.0.113.9, ")


def test_form_passes_without_trusted_origins(beside):
    """By HTTPS, at a port of its own: Django sees the scheme and the host of the browser."""
    assert post_form(beside(ENDS_TLS)).status_code == 200


def test_host_without_its_port_fails_the_origin(by_the_page, beside):
    """`$host` has no port, and the browser's Origin has one."""
    without = edited(ENDS_TLS, {"Host $http_host;": "Host $host;"})

    assert post_form(beside(without)).status_code == 403
    assert "does not match any trusted origins" in by_the_page.web.wait_for_log(
        "Origin checking failed"
    )


def test_setting_of_django_believes_whoever_asks(app_image, run, tmp_path):
    """Gunicorn believes nobody, and Django takes HTTP for HTTPS."""
    setting = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'
    plain = run(app_image)
    believing = run(app_image, **with_settings(tmp_path, setting))

    assert [seen(c, HTTPS)["is_secure"] for c in (plain, believing)] == [False, True]


def seen(container, headers):
    """Return what Django makes of a request with such headers."""
    return container.get("/echo/", headers=headers).json()


def post_form(nginx):
    """Send the login form empty, as a browser on HTTPS sends it."""
    here = nginx.address.replace("http:", "https:")
    with httpx.Client(base_url=nginx.address) as browser:
        browser.get(LOGIN)
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        return browser.post(LOGIN, data=form, headers={"Origin": here, "Referer": here + LOGIN})
