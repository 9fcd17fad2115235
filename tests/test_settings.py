"""The proofs of docs/settings.md."""

import json
import re

import pytest

from harness import PROBES, SNIPPETS
from harness.texts import edited
from scenarios.fresh import BLOCK

DJANGO = ["5.2.19", "6.1.3"]
CANARY = "canary-81f3"
LOGIN = "/admin/login/"
HTTPS = {"HTTPS": "1", "SECRET_KEY": "k" * 25 + "0123456789abcdefghijklmnopqrs"}
SHOW = (PROBES / "show_settings.py").read_text()
MAIL = (PROBES / "show_mail.py").read_text()
COMMON = ["DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "LOGGING"]


@pytest.fixture(params=DJANGO)
def image(request, fresh_image):
    """Build a fresh project for both versions of Django, with the page's settings at the end."""
    return fresh_image(request.param)


@pytest.fixture
def settings_of(inside):
    """Return a function that returns an image's settings, by name, in a given environment."""

    def settings_of(image, *names, env=None):
        ended = inside(image, "python", "-c", SHOW, *names, env=env)
        assert ended.exit_code == 0, ended.output
        return json.loads(ended.output)

    return settings_of


def test_fresh_project_serves_pages_and_files(image, run):
    """The admin's login page loads, and so does every stylesheet that it links to."""
    container = run(image)
    page = container.get(LOGIN)
    links = re.findall(r'href="(/static/\S+\.css)"', page.text)

    assert page.status_code == 200
    assert links
    assert {container.get(link).status_code for link in links} == {200}


def test_deploy_check_leaves_three_findings(image, inside):
    """With HTTPS=1, `check --deploy` reports no error, and the three warnings on the page."""
    ended = inside(image, "python", "manage.py", "check", "--deploy", env=HTTPS)

    assert ended.exit_code == 0
    assert re.findall(r"security\.\w+", ended.output) == [
        "security.W005",
        "security.W008",
        "security.W021",
    ]


def test_deploy_check_finds_plain_http(image, inside):
    """Without HTTPS=1, the check also reports both cookies and HSTS."""
    key = {"SECRET_KEY": HTTPS["SECRET_KEY"]}
    ended = inside(image, "python", "manage.py", "check", "--deploy", env=key)

    assert sorted(re.findall(r"security\.\w+", ended.output)) == [
        "security.W004",
        "security.W008",
        "security.W012",
        "security.W016",
    ]


def test_missing_key_stops_the_start(image, inside):
    """Gunicorn prints the name of the variable, and exits."""
    start = ["env", "--unset=SECRET_KEY", "gunicorn", "core.wsgi", "--workers=1"]
    ended = inside(image, *start)

    assert ended.exit_code == 3
    assert "KeyError: 'SECRET_KEY'" in ended.output


@pytest.mark.parametrize(
    ("env", "path"),
    [({"SECRET_KEY_FILE": "/key"}, "/key"), ({}, "/run/secrets/secret_key")],
    ids=["named", "mounted by Docker"],
)
def test_key_may_come_from_a_mounted_file(fresh_image, run, tmp_path, env, path):
    """The file overrides the variable, and its final newline is not part of the key."""
    (tmp_path / "key").write_text("from the file\n")
    container = run(fresh_image(), env=env, volumes=[(tmp_path / "key", path, "ro")])

    printed = container.exec("python", "-c", "from core.settings import *; print(SECRET_KEY)")
    assert printed == "from the file"


def test_password_may_come_apart_from_the_url(fresh_image, settings_of):
    """Django gets the URL's database, with the password from the other variable."""
    env = {"DATABASE_URL": "postgres://shop@db/shop", "POSTGRES_PASSWORD": CANARY}

    found = settings_of(fresh_image(), "DATABASES", env=env)["DATABASES"]["default"]

    assert (found["HOST"], found["NAME"], found["USER"]) == ("db", "shop", "shop")
    assert found["PASSWORD"] == CANARY


def test_debug_brings_back_runserver(image, run):
    """With DEBUG=1 and no key, Django's own server responds, run as the project's owner."""
    command = ["env", "--unset=SECRET_KEY", "python", "manage.py", "runserver", "0.0.0.0:8000"]
    container = run(image, *command, env={"DEBUG": "1"}, ready="Quit the server", user="root")

    assert container.get(LOGIN).status_code == 200


def test_debug_keeps_sqlite_in_the_project(fresh_image, settings_of):
    """The database is next to manage.py with DEBUG=1, and in /data without it."""
    found = [
        settings_of(fresh_image(), "DATABASES", env=env)["DATABASES"]["default"]["NAME"]
        for env in ({"DEBUG": "1"}, {})
    ]

    assert found == ["/app/db.sqlite3", "/data/db.sqlite3"]


def test_traceback_is_in_the_log(image, run):
    """Looking up a session in a database without tables returns 500 and logs the reason."""
    container = run(image)
    response = container.get("/admin/", cookies={"sessionid": "a-session-that-is-not-there"})

    assert response.status_code == 500
    log = container.wait_for_log("no such table: django_session")
    assert "Traceback (most recent call last):" in log


def test_database_of_a_new_volume_can_be_written_to(image, run):
    """Migrations run on a database in a new anonymous volume, as the image's user."""
    migrate = ["python", "manage.py", "migrate"]
    container = run(image, *migrate, volumes=[("/data",)], ready="Applying sessions")

    assert container.exit_code == 0, container.logs()


def test_mail_backend_has_the_values(image, inside):
    """Django creates the backend that it would send mail with."""
    env = {"EMAIL_HOST": "smtp.test", "EMAIL_USER": "shop", "EMAIL_PASSWORD": CANARY}
    ended = inside(image, "python", "-c", MAIL, env=env)

    assert ended.output.split() == ["EmailBackend", "smtp.test", "587", "shop", CANARY, "True"]


def test_sample_project_has_these_settings(fresh_image, app_image, settings_of):
    """In the same environment, the settings used by the guide's other proofs are the same."""
    fresh, sample = (settings_of(i, *COMMON, "STATIC_ROOT") for i in (fresh_image(), app_image))

    assert fresh == sample


def test_other_server_of_static_files_needs_three_lines_less(fresh_image, run, with_settings):
    """Without the middleware, and with Django's own storage, links are still hashed."""
    whitenoise = 'MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")\n'
    storage = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    django = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    text = edited(with_settings()["core/settings.py"], {whitenoise: "", storage: django})
    container = run(fresh_image(**{"core/settings.py": text}))

    [link] = re.findall(r'href="(/static/admin/css/login\.\w+\.css)"', container.get(LOGIN).text)
    assert container.get(link).status_code == 404


def test_block_names_every_variable_of_the_table():
    """The page's table has exactly the environment variables that the block reads."""
    read = set(re.findall(r'(?:variable|items)\("(\w+)"', BLOCK))
    page = (SNIPPETS.parent / "docs/settings.md").read_text()
    table = re.sub(r"(?m)^(\| [^|]+ \|).*", r"\1", page[page.index("| variable") :])

    assert set(re.findall(r"`([A-Z_]+)`(?=[^|\n]* \|$)", table, re.MULTILINE)) == read
