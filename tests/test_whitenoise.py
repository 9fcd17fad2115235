"""The proofs of docs/whitenoise.md."""

import ast
import re

import pytest

from harness import PROJECT
from scenarios.whitenoise import CHANGES, LINK, SETTINGS

APP = "dockerfile/app.Dockerfile"
GZIP = {"Accept-Encoding": "gzip"}
BROTLI = {"Accept-Encoding": "gzip, deflate, br, zstd"}
PLAIN = {"Accept-Encoding": "identity"}


ASSUMED = """
import os

DEBUG = False
SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "").split(",")
STATIC_ROOT = BASE_DIR / "staticfiles"
"""


@pytest.fixture
def web(build, run):
    """Run the single container, with the page's settings instead of the project's."""
    return run(build(APP, changes=CHANGES), env={"WEB_CONCURRENCY": "1"})


def test_one_container_serves_pages_and_files(web):
    """The page links to a hashed name, and the same port serves the file, with its type."""
    response = web.get(re.search(LINK, web.get("/").text)[1])

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/css")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("settings", ["production", "other"])
def test_pages_lead_to_one_container(walk, startproject, settings):
    """With the production settings, the page has nothing to append; others read the environment."""
    walk.begin(startproject())
    if settings == "production":
        walk.follow("settings")
    else:
        walk.do("start/first.requirements.txt")
        walk.settings.write_text(walk.settings.read_text() + ASSUMED)
        walk.follow("whitenoise")
    walk.follow("dockerfile", without=["dockerfile/shortest.Dockerfile"])

    page = walk.container.get("/admin/login/")
    links = re.findall(r'href="(/static/\S+\.css)"', page.text)
    sheets = [walk.container.get(link, headers=BROTLI) for link in links]

    assert page.status_code == 200
    assert {sheet.headers.get("Content-Encoding") for sheet in sheets} == {"br"}


def test_settings_add_whitenoise_alone():
    """The page's settings equal the project's, except for one more middleware and a storage."""
    old, new = assigned((PROJECT / "core/settings.py").read_text()), assigned(SETTINGS)
    first, *others = old["MIDDLEWARE"]
    storage = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}

    assert new["MIDDLEWARE"] == [first, "whitenoise.middleware.WhiteNoiseMiddleware", *others]
    assert new["STORAGES"] == {**old["STORAGES"], "staticfiles": storage}


def test_whitenoise_caches_hashed_names_for_ten_years(web):
    """The hashed name is immutable; the plain name of the same file is cached for a minute."""
    hashed, plain = web.get(re.search(LINK, web.get("/").text)[1]), web.get("/static/core/site.css")

    assert hashed.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert plain.headers["Cache-Control"] == "max-age=60, public"


def test_browser_chooses_brotli_or_gzip(web):
    """Each of the three responses has the length of the file that the build created."""
    path = "admin/css/base.css"
    answers = [web.get(f"/static/{path}", headers=h).headers for h in (BROTLI, GZIP, PLAIN)]
    built = web.exec("stat", "-c%s", *(f"staticfiles/{path}{end}" for end in (".br", ".gz", "")))

    assert [headers.get("Content-Encoding") for headers in answers] == ["br", "gzip", None]
    assert {headers["Vary"] for headers in answers} == {"Accept-Encoding"}
    brotli, gzip, plain = (int(headers["Content-Length"]) for headers in answers)
    assert [brotli, gzip, plain] == list(map(int, built.split()))
    assert brotli < gzip < plain / 3


def test_whitenoise_misses_with_a_404(web):
    """Requests a name that was not collected, and a path that leads out of the directory."""
    codes = {web.get(path).status_code for path in ("/static/no.css", "/static/%2e%2e/manage.py")}

    assert codes == {404}


def test_file_added_later_is_not_served(web):
    """A copy of a served file, made while Gunicorn runs, returns 404."""
    assert web.get("/static/core/site.css").status_code == 200

    copy = ["cp", "--verbose", "staticfiles/core/site.css", "staticfiles/core/later.css"]
    assert "later.css" in web.handle.execute(copy, user="root")
    assert web.get("/static/core/later.css").status_code == 404


def test_each_file_takes_a_thread_of_gunicorn(web):
    """Gunicorn's access log contains the request for the file."""
    web.get("/static/core/logo.svg")

    assert '"GET /static/core/logo.svg HTTP/1.1" 200' in web.wait_for_log("logo.svg")


def assigned(settings):
    """Return the middleware and the storages that a settings file defines."""
    found = [node for node in ast.parse(settings).body if isinstance(node, ast.Assign)]
    named = {node.targets[0].id: node.value for node in found}
    return {name: ast.literal_eval(named[name]) for name in ("MIDDLEWARE", "STORAGES")}
