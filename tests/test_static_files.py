"""The proofs of docs/static-files.md."""

import re
import shutil

import pytest

from images import PROJECT, SNIPPETS

APP = "dockerfile/app.Dockerfile"
STATIC = "static-files/nginx.Dockerfile.static"
CONF = ["static-files/nginx.default.conf"]


@pytest.fixture
def nginx(build, run):
    """Run the static image as the page tells."""
    return run(build(STATIC, files=CONF), ready="start worker process")


@pytest.fixture
def stylesheet(build, run):
    """Return the link to a stylesheet as the app image writes it into a page."""
    page = run(build(APP)).get("/").text
    return re.search(r'href="(\S+\.css)"', page)[1]


def test_command_builds_the_static_image(builder, replay, run, tmp_path):
    """The page's command, typed in a folder that has the page's two files."""
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)
    shutil.copy(SNIPPETS / STATIC, tmp_path / "Dockerfile.static")
    shutil.copy(SNIPPETS / CONF[0], tmp_path / "default.conf")
    tag = builder.tag("static-typed-by-hand")
    builder.have_bases(SNIPPETS / STATIC)

    replay("static-files/build.console", cwd=tmp_path, **{"web-static": tag})

    assert run(tag, ready="start worker process").get("/static/core/site.css").status_code == 200


def test_nginx_serves_what_the_page_links_to(nginx, stylesheet):
    """The name that one image writes is found in the other, with its type."""
    response = nginx.get(stylesheet)

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/css")


def test_hashed_names_are_cached_for_a_year(nginx, stylesheet):
    """The hashed name is immutable; the plain name of the same file is not."""
    hashed, plain = nginx.get(stylesheet), nginx.get("/static/core/site.css")

    assert hashed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.status_code == 200
    assert "Cache-Control" not in plain.headers


def test_missing_file_is_not_found(nginx):
    """No index page answers in place of a file that is not there."""
    codes = {nginx.get(path).status_code for path in ("/static/no.css", "/no/")}

    assert codes == {404}


def test_nginx_runs_without_root(nginx):
    """No process of the container is root's."""
    assert nginx.exec("id", "-u") != "0"


def test_both_builds_agree_on_the_names(build, run, nginx):
    """Every name in the app image's manifest is a file of the static image."""
    app = run(build(APP))
    manifest = app.exec("python", "-c", HASHED)

    assert [path for path in manifest.split() if nginx.get(path).status_code != 200] == []


def test_missing_manifest_fails_each_page(build, run):
    """Without staticfiles.json the container starts, and a page is a 500; the log tells why."""
    container = run(build("signals/exec-form.Dockerfile"))  # which collects nothing
    response = container.get("/")

    assert response.status_code == 500
    assert "Missing staticfiles manifest entry for 'core/site.css'" in container.logs()


HASHED = """
import json
for path in json.load(open("staticfiles/staticfiles.json"))["paths"].values():
    if path.startswith("core/"):
        print(f"/static/{path}")
"""
