"""The proofs of docs/url-prefix.md."""

import re

import pytest

from harness.container import wait_until
from harness.texts import edited
from scenarios.proxied import TEXT, with_settings

BELOW = "url-prefix/below.shop.conf"
HEADERS = re.search(r"(?s)    proxy_set_header Host.+?Forwarded \"\";\n", TEXT)[0]
BY_HEADER = f"""location /shop/ {{
    proxy_pass http://django;
    proxy_set_header SCRIPT_NAME /shop;
{HEADERS}}}
"""
STRIPS = "location /shop/ { proxy_pass http://django/; }"
ENDS_TLS = edited(TEXT, {"Proto $scheme;": "Proto https;"})
LOGIN = """
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
login = LoginView.as_view(redirect_authenticated_user=True)
def signed_in(request):
    request.user = User()
    return login(request)
urlpatterns = [
    path("login/", login, name="login"),
    path("account/", login_required(login), name="account"),
    path("signed-in/", signed_in),
]
"""
FORCED = 'FORCE_SCRIPT_NAME = "/shop"'
URI = """
from django.http import HttpResponse
urlpatterns = [path("uri/", lambda request: HttpResponse(request.build_absolute_uri()))]
"""


@pytest.fixture(scope="module")
def below(proxying, command):
    """Return nginx and Gunicorn with the page's file and flag."""
    with proxying(*command, nginx={"locations": [BELOW]}) as site:
        yield site


@pytest.fixture(scope="module")
def command(docker, app_image):
    """Return the app image's command, with the page's flag."""
    return [*docker.image.inspect(app_image).config.cmd, "--env", "SCRIPT_NAME=/shop"]


def test_links_begin_with_the_path(below):
    """Checks a page, the stylesheet that it links to, and the admin's redirect to the login."""
    page, admin = below.get("/shop/"), below.get("/shop/admin/")
    style = stylesheet(page)

    assert style.startswith("/shop/static/core/site.")
    assert "immutable" in below.get(style).headers["Cache-Control"]
    assert admin.headers["Location"] == "/shop/admin/login/?next=/shop/admin/"
    assert below.get("/shop").headers["Location"] == "/shop/"


def test_static_url_with_a_slash_loses_the_path(proxied, command, tmp_path):
    """The same site has a STATIC_URL that begins with a slash."""
    more = with_settings(tmp_path, 'STATIC_URL = "/static/"')

    site = proxied.start(*command, nginx={"locations": [BELOW]}, **more)

    assert stylesheet(site.get("/shop/")).startswith("/static/core/")


@pytest.mark.parametrize(
    ("text", "login", "account"),
    [
        ('LOGIN_URL, LOGIN_REDIRECT_URL = "/login/", "/account/"', "/login/", "/account/"),
        ('LOGIN_URL, LOGIN_REDIRECT_URL = "login", "account"', "/shop/login/", "/shop/account/"),
    ],
    ids=["paths", "names"],
)
def test_login_path_does_not_get_the_prefix(
    app_image, run, command, tmp_path, text, login, account
):
    """Django redirects to the login and from the login, with a path or a name in both settings."""
    web = run(app_image, *command, **with_settings(tmp_path, text, urls=LOGIN))
    paths = ["/shop/account/", "/shop/signed-in/"]

    places = [web.get(path).headers["Location"] for path in paths]

    assert places == [f"{login}?next=/shop/account/", account]


def test_path_without_the_prefix_fails(below):
    """Gunicorn returns the error itself; with the prefix, a health check succeeds."""
    statuses = [below.web.get(path).status_code for path in ("/health/", "/shop/health/")]

    assert statuses == [500, 200]


def test_header_is_taken_from_a_believed_proxy(proxied):
    """The same proxy sends the same header, and Gunicorn either trusts it or does not."""
    nginx = {"others": {"locations/shop.conf": BY_HEADER}}
    believed = stylesheet(proxied.start(nginx=nginx).get("/shop/"))
    proxied.web.stop(grace=0)
    proxied.start_web(env={"FORWARDED_ALLOW_IPS": "127.0.0.1"})

    assert believed.startswith("/shop/static/")
    assert wait_until(lambda: proxied.get("/shop/").status_code == 404)


def test_forced_name_completes_a_stripped_path(proxied, tmp_path):
    """If nginx removes the path, it is missing from links, unless Django's setting adds it."""
    nginx = {"others": {"locations/shop.conf": STRIPS}}
    plain = stylesheet(proxied.start(nginx=nginx).get("/shop/"))
    proxied.web.stop(grace=0)
    forced = proxied.start_web(**with_settings(tmp_path, FORCED))

    assert plain.startswith("/static/")
    assert stylesheet(forced.get("/")).startswith("/shop/static/")


def test_built_addresses_are_the_browsers(proxied, command, tmp_path):
    """Scheme, host, port and path are the browser's, as when nginx terminates TLS."""
    more = with_settings(tmp_path, urls=URI)
    nginx = proxied.start(*command, nginx={"text": ENDS_TLS, "locations": [BELOW]}, **more)

    here = nginx.address.replace("http:", "https:")
    assert nginx.get("/shop/uri/").text == f"{here}/shop/uri/"


def stylesheet(page):
    """Return the link to a page's stylesheet."""
    return re.search(r'href="(\S+\.css)"', page.text)[1]
