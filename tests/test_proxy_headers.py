"""The proofs of docs/proxy-headers.md."""

import httpx

from harness.texts import edited
from scenarios.proxied import APP, TEXT, with_settings

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


def test_forged_headers_reach_nothing(proxied_once):
    """What Django makes of a request is the same with each header as without."""
    nginx = proxied_once()

    for name, value in FORGED.items():
        assert seen(nginx, {name: value}) == seen(nginx, {}), name


def test_names_with_underscores_reach_nothing(proxied_once):
    """Not even those that Gunicorn takes from a proxy that it believes."""
    nginx = proxied_once()

    for name, value in UNDERSCORES.items():
        assert seen(nginx, {name: value}) == seen(nginx, {}), name


def test_forged_host_is_refused(proxied_once):
    """Django answers 400 to a name that ALLOWED_HOSTS lacks, whatever goes with it."""
    forged = {"Host": "forged.example", "X-Forwarded-Host": "127.0.0.1"}

    assert proxied_once().get("/echo/", headers=forged).status_code == 400


def test_header_left_alone_is_forged(proxied_once):
    """Without the line that sets it, a client over HTTP is taken for one over HTTPS."""
    lenient = edited(TEXT, {"    proxy_set_header X-Forwarded-Proto $scheme;\n": ""})

    assert seen(proxied_once(nginx={"text": lenient}), HTTPS)["is_secure"]
    assert not seen(proxied_once(), HTTPS)["is_secure"]


def test_appended_address_comes_after_the_forged_one(proxied_once):
    """The first one in the list is what the client wrote."""
    appends = edited(TEXT, {"For $remote_addr;": "For $proxy_add_x_forwarded_for;"})
    forged = {"X-Forwarded-For": "203.0.113.9"}

    listed = seen(proxied_once(nginx={"text": appends}), forged)["headers"]["X-Forwarded-For"]

    assert listed.startswith("203.0.113.9, ")


def test_form_passes_without_trusted_origins(proxied_once):
    """By HTTPS, at a port of its own: Django sees the scheme and the host of the browser."""
    assert post_form(proxied_once(nginx={"text": ENDS_TLS})).status_code == 200


def test_host_without_its_port_fails_the_origin(proxied_once):
    """`$host` has no port, and the browser's Origin has one."""
    without = edited(ENDS_TLS, {"Host $http_host;": "Host $host;"})
    nginx = proxied_once(nginx={"text": without})

    assert post_form(nginx).status_code == 403
    assert "does not match any trusted origins" in nginx.web.wait_for_log("Origin checking failed")


def test_setting_of_django_believes_whoever_asks(build, run, tmp_path):
    """Gunicorn believes nobody, and Django takes HTTP for HTTPS."""
    setting = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'
    plain = run(build(APP))
    believing = run(build(APP), **with_settings(tmp_path, setting))

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
