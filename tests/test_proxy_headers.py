"""The proofs of docs/proxy-headers.md."""

import json
from functools import partial

import httpx
import pytest

from harness import PROBES
from harness.container import PATIENCE, wait_until
from harness.texts import edited
from scenarios import forged
from scenarios.proxied import CONF, STATIC, TEXT, with_settings

COMPOSE, NAMED = "proxy/nginx.compose.yaml", "proxy-headers/named.compose.override.yaml"
READ = (PROBES / "headers_that_are_read.py").read_text()
OF_THE_BROWSER = {"X_CSRFTOKEN"}  # Django's own header, which a client may set
NO_FORWARDER_HEADERS = {"GUNICORN_CMD_ARGS": "--forwarder-headers="}
TRUSTED = {"FORWARDED_ALLOW_IPS": "*"}
SCRIPT_NAME = {"SCRIPT_NAME": "/public"}
HTTPS = {"X-Forwarded-Proto": "https"}
ENDS_TLS = edited(TEXT, {"Proto $scheme;": "Proto https;"})
LOGIN = "/admin/login/"


@pytest.fixture
def beside(by_the_page, run):
    """Return a function that starts another nginx, with a different file."""
    return partial(by_the_page.beside, run)


def test_forged_headers_reach_nothing(by_the_page):
    """Django sees the same request with each of the headers, with all of them and with none."""
    ask = partial(echoed, by_the_page)

    assert forged.that_reach_django(ask, forged.WITH_DASHES) == []


def test_names_with_underscores_reach_nothing(by_the_page):
    """Not even the names that Gunicorn accepts from a trusted proxy reach Django."""
    ask = partial(echoed, by_the_page)

    assert forged.that_reach_django(ask, forged.WITH_UNDERSCORES) == []


def test_forged_headers_are_all_that_are_read(app_image, inside):
    """Gunicorn's own lists and every such name in Django's code are among those sent above."""
    read = set(json.loads(inside(app_image, "python", "-c", READ).output))
    sent = {name.upper().replace("-", "_") for name, _ in forged.ALL}

    assert {"X_FORWARDED_PROTO", "X_FORWARDED_HOST", "SCRIPT_NAME"} <= read
    assert read - OF_THE_BROWSER <= sent


def test_script_name_of_a_client_moves_the_path(app_image, run):
    """A rule for /admin/ does not match this path, but Django serves the admin there."""
    answer = run(app_image, env=TRUSTED).get("/public/admin/", headers=SCRIPT_NAME)

    assert answer.headers["Location"] == "/public/admin/login/?next=/public/admin/"


def test_empty_list_of_forwarder_headers_keeps_the_path(app_image, run):
    """The same client gets a 404, and the scheme is the proxy's."""
    web = run(app_image, env=TRUSTED | NO_FORWARDER_HEADERS)

    assert web.get("/public/admin/", headers=SCRIPT_NAME).status_code == 404
    assert seen(web, HTTPS)["is_secure"]


def test_named_proxy_is_trusted_alone(app_image, build, stack, by_the_page):
    """Trusts nginx at the address in the page's file, but no client of Gunicorn's published port.

    If the environment variable is `*`, that client is trusted.
    """
    nginx = {"image": build(STATIC, files=[CONF], changes={"default.conf": ENDS_TLS})}
    web = {"image": app_image, "ports": ["8000"]}
    named = stack(COMPOSE, {"nginx": nginx, "web": web}, files=[NAMED])
    named.command += ["--file", "compose.override.yaml"]
    named.up()
    nginx, web = named.service("nginx"), named.service("web")
    assert wait_until(lambda: nginx.get("/health/").status_code == 200)

    assert seen(nginx, {})["is_secure"]
    assert not seen(web, HTTPS)["is_secure"]
    assert seen(by_the_page.web, HTTPS)["is_secure"]


def test_forged_host_is_refused(by_the_page):
    """Django returns 400 for a name that is not in ALLOWED_HOSTS, regardless of other headers."""
    forged = {"Host": "forged.example", "X-Forwarded-Host": "127.0.0.1"}

    assert by_the_page.get("/echo/", headers=forged).status_code == 400


def test_header_left_alone_is_forged(by_the_page, beside):
    """Without the line that sets the header, an HTTP client appears to use HTTPS."""
    lenient = edited(TEXT, {"    proxy_set_header X-Forwarded-Proto $scheme;\n": ""})

    assert seen(beside(lenient), HTTPS)["is_secure"]
    assert not seen(by_the_page, HTTPS)["is_secure"]


def test_appended_address_comes_after_the_forged_one(beside):
    """The first address in the list is the one that the client sent."""
    appends = edited(TEXT, {"For $remote_addr;": "For $proxy_add_x_forwarded_for;"})
    forged = {"X-Forwarded-For": "203.0.113.9"}

    listed = seen(beside(appends), forged)["headers"]["X-Forwarded-For"]

    assert listed.startswith("203.0.113.9, ")


def test_form_passes_without_trusted_origins(beside):
    """Over HTTPS on a nonstandard port, Django sees the browser's scheme and host."""
    assert post_form(beside(ENDS_TLS)).status_code == 200


def test_host_without_its_port_fails_the_origin(by_the_page, beside):
    """`$host` does not include the port, but the browser's Origin does."""
    without = edited(ENDS_TLS, {"Host $http_host;": "Host $host;"})

    assert post_form(beside(without)).status_code == 403
    assert "does not match any trusted origins" in by_the_page.web.wait_for_log(
        "Origin checking failed"
    )


def test_setting_of_django_believes_whoever_asks(app_image, run, tmp_path):
    """Gunicorn trusts no client, but Django treats HTTP as HTTPS."""
    setting = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'
    plain = run(app_image)
    believing = run(app_image, **with_settings(tmp_path, setting))

    assert [seen(c, HTTPS)["is_secure"] for c in (plain, believing)] == [False, True]


def echoed(container, headers):
    """Send a request with these headers to the view that shows what Django sees."""
    return container.get("/echo/", headers=headers)


def seen(container, headers):
    """Return what Django sees of a request with these headers."""
    return echoed(container, headers).json()


def post_form(nginx):
    """Send the empty login form, as a browser does over HTTPS."""
    here = nginx.address.replace("http:", "https:")
    with httpx.Client(base_url=nginx.address, timeout=PATIENCE) as browser:
        browser.get(LOGIN)
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        return browser.post(LOGIN, data=form, headers={"Origin": here, "Referer": here + LOGIN})
