"""The proofs of docs/your-project.md."""

import re
import shutil

import pytest

from harness import PROBES
from harness.texts import edited
from scenarios.fresh import REQUIREMENTS
from scenarios.kinds import KINDS, copy_of, older_settings
from scenarios.locked import SCRIPT, UV

LOGIN = "/admin/login/"
MAIL = (PROBES / "show_mail.py").read_text()
BUCKET = "https://shop-static.s3.amazonaws.com"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_of_project_serves(build, run, startproject, tmp_path, kind):
    """A page is served, and so is each stylesheet that it links to on this server."""
    project = copy_of(startproject(), tmp_path / "project")
    kind(project)
    dockerfile = project.follow()

    container = run(build(dockerfile, project=project.folder), env=project.env)

    path = "/" if kind.__name__ == "no_static_files" else LOGIN
    page = container.get(path)
    assert page.status_code == 200
    links = re.findall(r'href="(\S+\.css)"', page.text)
    assert bool(links) is (path == LOGIN)
    if kind.__name__ == "static_files_on_s3":
        assert {link.partition("/admin")[0] for link in links} == {BUCKET}
    else:
        assert {container.get(link).status_code for link in links} <= {200}
    assert container.exec("sh", "-c", "ls -d venv media .python-version 2>/dev/null; true") == ""


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


def test_fresh_project_of_django_5_2_serves(fresh_image, run):
    """The long-term support release works with the same settings."""
    assert run(fresh_image("5.2.19")).get(LOGIN).status_code == 200


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
