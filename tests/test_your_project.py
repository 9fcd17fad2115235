"""The proofs of docs/your-project.md."""

import re
import shutil
from io import BytesIO
from zipfile import ZipFile

import pytest

from guide import templates
from harness import PROBES
from harness.browser import SITE
from harness.texts import edited
from scenarios.fresh import REQUIREMENTS
from scenarios.kinds import KINDS, copy_of, data_directory, older_settings, other_module
from scenarios.locked import SCRIPT, UV
from scenarios.own_values import copied, enter
from scenarios.poetry import FILE as POETRY
from scenarios.proxied import with_settings

LOGIN = "/admin/login/"
NO_ARCHIVE = "<p>A run of the tests makes the archive; this build has none.</p>"
BYTES = "async url => [...new Uint8Array(await (await fetch(url)).arrayBuffer())]"
MAIL = (PROBES / "show_mail.py").read_text()
LEFT_BEHIND = (
    "ls -d venv media .python-version local_settings.py data/*.sqlite3 data/*/* 2>/dev/null; true"
)
HOME_ONLY = {"no_static_files", "committed_files", "compressed_offline"}  # have no admin
MANAGE = 'python manage.py migrate --verbosity 0 && python manage.py shell --command "$0"'
SAVE = """
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
default_storage.save("upload.txt", ContentFile("kept\\n"))
(settings.DATA / "keys/new").write_text("kept\\n")
"""
SESSION = """
from django.contrib.auth.models import User
from django.test import Client
client = Client()
client.force_login(User.objects.create_superuser("admin"))
print(client.session.session_key)
"""
WRITE, READ = [MANAGE, SAVE], ["cd data && ls db.sqlite3 && cat */*"]
BUCKET = "https://shop-static.s3.amazonaws.com"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_of_project_serves(build, run, startproject, tmp_path, kind):
    """A page is served, and so is each stylesheet that it links to on this server."""
    project = copy_of(startproject(), tmp_path / "project")
    kind(project)
    dockerfile = project.follow()

    container = run(build(dockerfile, project=project.folder), env=project.env)

    page = container.get("/" if kind.__name__ in HOME_ONLY else LOGIN)
    assert page.status_code == 200
    links = re.findall(r'href="(\S+\.css)"', page.text)
    assert bool(links) is (kind.__name__ != "no_static_files")
    if kind.__name__ == "static_files_on_s3":
        assert {link.partition("/admin")[0] for link in links} == {BUCKET}
    else:
        assert {container.get(link).status_code for link in links} <= {200}
    assert container.exec("sh", "-c", LEFT_BEHIND) == ""


def test_data_directory_is_in_the_volume(build, running, startproject, new_volume, tmp_path):
    """The tables, an upload and a key that one container writes are there in the next one."""
    project = copy_of(startproject(), tmp_path / "project")
    data_directory(project)
    image = build(project.follow(), project=project.folder)
    for command in WRITE, READ:
        with running(image, volumes=[(new_volume, "/data")]) as container:
            found = container.exec("sh", "-ec", *command)

    assert found.split() == ["db.sqlite3", "kept", "kept"]


def test_mail_settings_of_an_older_project_are_replaced(build, inside, startproject, tmp_path):
    """Mail goes to the server in EMAIL_HOST, although the settings choose the console."""
    project = copy_of(startproject(), tmp_path / "project")
    older_settings(project)
    image = build(project.follow(), project=project.folder)

    ended = inside(image, "python", "-c", MAIL, env={"EMAIL_HOST": "smtp.test"})

    assert ended.output.split()[:3] == ["EmailBackend", "smtp.test", "587"]


def test_manage_py_without_settings_has_no_collectstatic(builder, startproject, tmp_path):
    """The build stops with both lines."""
    project = copy_of(startproject(), tmp_path / "project")
    default = "    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'core.settings')\n"
    project.edit("manage.py", {default: ""})

    built = builder.build_aloud(project.follow(), project.folder)

    assert built.returncode != 0
    assert "No Django settings specified." in built.stderr
    assert "Unknown command: 'collectstatic'" in built.stderr


def test_settings_that_create_a_directory_stop_gunicorn(app_image, run, tmp_path):
    """Gunicorn's user cannot create the directory that the settings need."""
    more = with_settings(tmp_path, '(BASE_DIR / "logs").mkdir(exist_ok=True)')
    container = run(app_image, ready="PermissionError: [Errno 13]", **more)

    assert container.exit_code in {1, 3}
    container.wait_for_log("Permission denied: '/app/logs'")


def test_fresh_project_of_django_5_2_serves(fresh_image, run):
    """The long-term support release works with the same settings."""
    assert run(fresh_image("5.2.19")).get(LOGIN).status_code == 200


def test_admin_of_django_5_1_fails_on_python_3_14(fresh_image, run):
    """The login page is served, but a form of the admin is not, and the log says why."""
    container = run(fresh_image("5.1.15"))
    session = container.exec("sh", "-ec", *[MANAGE, SESSION]).strip()

    assert container.get(LOGIN).status_code == 200
    form = container.get("/admin/auth/user/add/", cookies={"sessionid": session})
    assert form.status_code == 500
    container.wait_for_log("AttributeError: 'super' object has no attribute 'dicts'")


def test_project_on_postgresql_serves(network, build, run, official, startproject, tmp_path):
    """Migrations run on the server in DATABASE_URL, and sessions are stored there."""
    project = copy_of(startproject(), tmp_path / "project")
    project.requirements += "psycopg[binary]==3.3.9\n"
    dockerfile = project.follow()
    options = {"networks": [network]}
    run(
        official("postgres:18"),
        env={"POSTGRES_PASSWORD": "secret"},
        network_aliases=["db"],
        ready="listening on IPv4",
        **options,
    )
    env = {"DATABASE_URL": "postgres://postgres@db/postgres", "POSTGRES_PASSWORD": "secret"}
    image = build(dockerfile, project=project.folder)
    migrated = run(image, "python", "manage.py", "migrate", env=env, ready="sessions", **options)
    assert migrated.exit_code == 0, migrated.logs()

    container = run(image, env=env, **options)

    response = container.get("/admin/", cookies={"sessionid": "a-session-that-is-not-there"})
    assert response.headers["Location"].startswith(LOGIN)


def test_project_with_uv_serves(build, run, lock, startproject, tmp_path):
    """The project has a lock from the page's script, and is built with the file for uv."""
    project = copy_of(startproject(), tmp_path / "project")
    project.follow()
    script = edited(SCRIPT, {'"psycopg[binary]"': '"whitenoise[brotli]"'})
    shutil.copytree(lock(REQUIREMENTS, script), project.folder, dirs_exist_ok=True)

    container = run(build(UV, project=project.folder))

    assert container.get(LOGIN).status_code == 200


def test_project_with_poetry_serves(build, run, poetry_locked, startproject, tmp_path):
    """The project has Poetry's two files instead of requirements.txt."""
    project = copy_of(startproject(), tmp_path / "project")
    project.follow()
    (project.folder / project.requirements_file).unlink()
    for name in "pyproject.toml", "poetry.lock":
        shutil.copy(poetry_locked / name, project.folder)

    container = run(build(POETRY, project=project.folder))

    page = container.get(LOGIN)
    assert page.status_code == 200
    style = re.search(r'href="(\S+\.css)"', page.text)[1]
    assert container.get(style).status_code == 200


def test_copied_files_and_archive_build_with_your_module(
    visit, site, build, run, startproject, tmp_path
):
    """The copied blocks complete a project with this module; the archive has the same files.

    The build of the site that the browser visits has no archive, so the page gets one here.
    """
    mine = copy_of(startproject(), tmp_path / "mine")
    other_module(mine, "shop_site")
    originals = copy_of(startproject(), tmp_path / "originals")
    originals.requirements = REQUIREMENTS
    originals.follow()
    files = {f"start/{path}": text for path, text in contents(originals.folder).items()}
    shown = templates.render("archive.html", page="start", files=[*files], digest="0")
    html = edited((site / "start.html").read_text(), {NO_ARCHIVE: shown})
    page = visit("index")
    page.route("**/start.html", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.route(
        "**/raw/archives/**",
        lambda route: route.fulfill(body=files[route.request.url.partition("archives/")[2]]),
    )
    page.goto(f"{SITE}/start.html")
    enter(page, module="shop_site")

    mine.requirements, mine.block, mine.dockerfile, mine.ignore = [
        f"{copied(page, page.locator(f'#file-{name}'))}\n"
        for name in (
            "first-requirements-txt",
            "production-settings-py",
            "app-dockerfile",
            "app-dockerfile-dockerignore",
        )
    ]
    mine.follow()
    with page.expect_download() as download:
        page.locator("a.download[href$='.zip']").click()
    with ZipFile(BytesIO(bytes(page.evaluate(BYTES, download.value.url)))) as archive:
        archive.extractall(tmp_path)
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}

    project = tmp_path / "start"
    assert download.value.suggested_filename == "start.zip"
    assert contents(project) == contents(mine.folder)
    assert modes["start/manage.py"] == 0o100755
    container = run(build(project / "Dockerfile", project=project))
    assert container.get(LOGIN).status_code == 200


def contents(folder):
    """Return the text of each file in a directory, by path."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}
