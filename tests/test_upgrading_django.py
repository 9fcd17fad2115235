"""The proofs of docs/upgrading-django.md."""

import re
import shutil

import pytest

from harness import PROBES, PROJECT, SCENARIOS, SNIPPETS
from harness.texts import edited
from scenarios.locked import UV

OLD, NEW = "5.2.14", "6.1.3"
FALLBACK = {"FALLBACK": "1"}
APP = "dockerfile/app.Dockerfile"
PYTHON = "python:3.15-slim"
VERSION = ["python", "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
WHEELS = "upgrading-django/wheels.console"
OLDER = ["psycopg[binary]==3.3.5", "psycopg-binary==3.3.5"]
LISTED = "from importlib.metadata import metadata as m; print(*m('gunicorn').get_all('Classifier'))"
LOGIN = "/admin/login/"
POSTGRES = {"DATABASE_URL": "postgres://postgres@db/postgres", "POSTGRES_PASSWORD": "secret"}
FIRST = {
    "psycopg-binary": "3.3.6",
    "psycopg2-binary": "2.9.13",
    "gevent": "26.5.0",
    "uvloop": "0.23.0",
    "httptools": "0.9.0",
    "pillow": "12.3.0",
}


@pytest.fixture(scope="module")
def on_python_3_15(tmp_path_factory):
    """Return a function that writes a snippet's Dockerfile with the newer tag in every FROM."""
    folder = tmp_path_factory.mktemp("on-3.15")

    def on_python_3_15(snippet):
        text = edited((SNIPPETS / snippet).read_text(), {"python:3.14-slim": PYTHON}, times=2)
        file = folder / (SNIPPETS / snippet).name
        file.write_text(text)
        return file

    return on_python_3_15


@pytest.fixture(scope="module")
def site(build, inside):
    """Return a function that sends a request to a site on a version of Django."""
    image = build(SCENARIOS / "two-djangos.Dockerfile", project=PROBES)

    def site(version, *task, env=None):
        where = {"PYTHONPATH": f"/django/{version}", "DJANGO_SETTINGS_MODULE": "site_settings"}
        done = inside(image, "python", "visit.py", *task, env=where | (env or {}))
        assert done.exit_code == 0, done.output
        return done.output.strip()

    site(OLD, "prepare")
    return site


def test_signed_cookie_of_an_older_django_is_refused(site):
    """A cookie from 5.2.14 is sent to 6.1.3 with the default settings, then with the fallback."""
    site(OLD, "look", "shopper")
    assert site(OLD, "look", "shopper").startswith("full")
    site(OLD, "look", "other-shopper")

    assert site(NEW, "look", "shopper").startswith("refused")
    assert site(NEW, "look", "other-shopper", env=FALLBACK).startswith("full")


def test_old_django_refuses_the_new_signed_cookie(site):
    """As in a rolling update, the response came from 6.1.3, and the next request reaches 5.2.14."""
    site(NEW, "look", "roamer", env=FALLBACK)
    assert site(NEW, "look", "roamer", env=FALLBACK).startswith("full")

    assert site(OLD, "look", "roamer").startswith("refused")


def test_login_survives_the_upgrade(site):
    """The session in the database began on 5.2.14."""
    assert site(OLD, "log-in", "laptop").endswith(" ada")

    assert site(NEW, "look", "laptop").endswith(" ada")


def test_next_login_ends_the_sessions_on_other_devices(site):
    """The login stores a hash with more iterations, and a session belongs to its original hash."""
    assert site(OLD, "log-in", "phone").endswith(" ada")
    assert site(OLD, "log-in", "tablet").endswith(" ada")
    assert site(NEW, "look", "tablet").endswith(" ada")

    assert site(NEW, "log-in", "phone").endswith(" ada")

    assert site(NEW, "look", "tablet") == "full"


def test_app_image_runs_on_python_3_15(build, run, on_python_3_15):
    """The sample project's home page is served, and the log has no error up to the end."""
    container = run(build(on_python_3_15(APP)))

    assert container.exec(*VERSION) == "3.15"
    assert "Hello from Django" in container.get("/").text
    assert container.stop().exit_code == 0
    assert not re.search("ERROR|CRITICAL|Traceback|Warning", container.logs())


def test_fresh_project_on_postgresql_runs_on_python_3_15(
    network, build, run, official, startproject, with_settings, on_python_3_15
):
    """The page loads, a session is looked up in PostgreSQL, and a stylesheet is compressed."""
    options = {"networks": [network], "env": POSTGRES}
    changes = with_settings()
    brotli = {"whitenoise": "whitenoise[brotli]"}
    changes["requirements.txt"] = edited(changes["requirements.txt"], brotli)
    changes["requirements.txt"] += "psycopg[binary]==3.3.9\n"
    image = build(on_python_3_15(APP), project=startproject(), changes=changes)
    run(official("postgres:18"), network_aliases=["db"], ready="listening on IPv4", **options)
    migrated = run(image, "python", "manage.py", "migrate", ready="sessions", **options)
    assert migrated.exit_code == 0, migrated.logs()

    container = run(image, **options)

    response = container.get("/admin/", cookies={"sessionid": "a-session-that-is-not-there"})
    assert response.headers["Location"].startswith(LOGIN)
    [link, *_] = re.findall(r'href="(/static/\S+\.css)"', container.get(LOGIN).text)
    sheet = container.get(link, headers={"Accept-Encoding": "br"})
    assert (sheet.status_code, sheet.headers["Content-Encoding"]) == (200, "br")
    assert container.exec(*VERSION) == "3.15"


def test_gunicorn_lists_no_python_after_3_13(build, inside, on_python_3_15):
    """The installed package's metadata has a classifier for 3.13, but none for a newer version."""
    listed = inside(build(on_python_3_15(APP)), "python", "-c", LISTED).output

    assert max(map(int, re.findall(r"Python :: 3\.(\d+)", listed))) == 13


def test_lock_of_python_3_14_builds_on_3_15(build, run, locked, on_python_3_15):
    """The image for uv has the newer Python, and uv takes the lock as it is."""
    container = run(build(on_python_3_15(UV), project=locked))

    assert container.exec(*VERSION) == "3.15"
    assert "Hello from Django" in container.get("/").text


def test_wheel_check_prints_nothing(replay, official, tmp_path):
    """The requirements are those of the sample project."""
    official(PYTHON)
    shutil.copy(PROJECT / "requirements.txt", tmp_path)

    assert replay(WHEELS, cwd=tmp_path) == ""


def test_wheel_check_finds_an_older_version(replay, official, tmp_path):
    """The requirements pin the last version of psycopg that has no wheel for Python 3.15."""
    official(PYTHON)
    pins = (PROJECT / "requirements.txt").read_text()
    older = edited(pins, {"psycopg[binary]==3.3.9": OLDER[0], "psycopg-binary==3.3.9": OLDER[1]})
    (tmp_path / "requirements.txt").write_text(older)

    with pytest.raises(AssertionError, match=r"No matching distribution found for psycopg-binary"):
        replay(WHEELS, cwd=tmp_path)


def test_first_versions_with_wheels(inside, official):
    """For a version that does not exist, pip lists those with a wheel, the oldest one first."""
    image = official(PYTHON)

    for package, version in FIRST.items():
        asked = ["--dry-run", "--only-binary", ":all:", f"{package}==0"]
        found = inside(image, "pip", "install", *asked).output
        assert f"(from versions: {version}" in found
