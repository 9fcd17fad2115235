"""The proofs of docs/releases.md."""

import json
import os
import re
import shutil
import subprocess
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from guide.names import saved
from harness import PROJECT, SNIPPETS, transcripts
from harness.container import wait_until
from harness.load import Load
from harness.texts import edited
from scenarios import whitenoise
from scenarios.production import APP, CHANGES, CHECK, HOST, POST, Production
from scenarios.walk import log_in, styles

FILES = SNIPPETS / "releases"
NGINX = "nginxinc/nginx-unprivileged:1.30"
REPOSITORY = "you/shop"
NAMES = "COMPOSE_FILE=compose.yaml:override.yaml:compose.override.yaml"
STATIC = r"(?s)    location /static/ \{.*?\n    \}\n\n"  # from nginx's file
BLOCK = (SNIPPETS / "settings/production.settings.py").read_text()
SERVED = re.search(r"(?s)STATIC_ROOT = .*?\n}\n", BLOCK)[0]  # WhiteNoise, after the health check
SETTINGS = f"{CHANGES['core/settings.py']}\n{SERVED}"
OLD = CHANGES | whitenoise.CHANGES | {"core/settings.py": SETTINGS}
CREATED = "    created = models.DateTimeField(auto_now_add=True)\n"
MODELS = (PROJECT / "core/models.py").read_text()
AUTHOR = {CREATED: f'{CREATED}    author = models.TextField(db_default="")\n'}
EXPANDS = "migrations/expand.0002_note_author.py"
EXPAND = (SNIPPETS / EXPANDS).read_text()
NEW = OLD | {
    "core/models.py": edited(MODELS, AUTHOR),
    "core/migrations/0002_note_author.py": EXPAND,
}
BROKEN = OLD | {
    "core/migrations/0002_broken.py": edited(
        EXPAND,
        {'models.TextField(db_default="")': 'models.TextField(db_default="", db_column="text")'},
    ),
}
COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = 'core_note'"
KEEPS, DOCKERFILE = "releases/keeps-last.Dockerfile", "dockerfile/app.Dockerfile"
FIRST = {"static/site.css": "a { color: navy }\n"}
SECOND = {"static/site.css": "a { color: teal }\n"}
THIRD = "a { color: plum }\n"
MANIFEST = "/app/staticfiles/staticfiles.json"
BY_NGINX = (SNIPPETS / "static-files/by-nginx.settings.py").read_text()
WHITENOISE = "whitenoise[brotli]==6.12.0\n"
WITH_AUTHOR = {"create(text": 'create(author="second release", text'}
URLS = """
from core import views

urlpatterns += [path("notes/", views.notes)]
"""
UPLOADS = r"(?m).*--no-deps.*\n.*media.*\n|.*media.*\n"  # lines in scripts, unless a site has any
OTHER_BLOCKS = ["backups/nightly.crontab", "backups/drill.console"]  # and those of SQLite
OTHER_BLOCKS += ["backups/sqlite.console", "backups/sqlite-restore.console"]


@pytest.fixture(scope="module")
def images(docker, build, image_registry):
    """Push three releases, and return their names by digest: old, new and broken."""
    with ExitStack() as pushed:
        names = {}
        for name, changes in {"old": OLD, "new": NEW, "broken": BROKEN}.items():
            image = build(APP, files=[CHECK], changes=changes)
            names[name] = image_registry.push(docker, image, REPOSITORY, name)
            pushed.callback(remove, docker, names[name])
        yield SimpleNamespace(**names)


@pytest.fixture(scope="module")
def site(docker, builder, official, images, tmp_path_factory):
    """Return the site of docs/compose.md with the page's files, running the old release."""
    official("postgres:18")
    folder = tmp_path_factory.mktemp("releases")
    used = {"web": images.old, "static": official(NGINX)}
    docker.pull(images.old, quiet=True)
    site = Production(docker, builder, folder, used)
    override = folder / "override.yaml"
    override.write_text(
        override.read_text().replace('pull_policy: "never"', "pull_policy: missing")
    )
    for file in ("pulled.compose.override.yaml", "one-command.release.sh"):
        shutil.copy(FILES / file, folder / saved(file))
    site.command = [*site.command, "--file", "compose.override.yaml"]
    line = edited((FILES / "image..env").read_text(), {"ghcr.io/you/shop:main": images.old})
    with (folder / ".env").open("a") as file:
        file.write(line)
    text, found = re.subn(STATIC, "", site.conf.read_text())
    assert found == 1
    site.conf.write_text(text)
    try:
        site.up()
        yield site
    finally:
        site.down()


@pytest.fixture(scope="module")
def history(site, images):
    """Return the state after the new release, after the rollback, and after a broken release."""
    found = SimpleNamespace(old=look(site))
    found.said = [release(site, images.new)]
    found.new = look(site)
    with gets(site) as get, posts(site) as post:
        found.said.append(release(site, "--back"))
    found.statuses = {*get.answers, *post.answers}
    found.back = look(site)
    found.said.append(release(site, images.broken))
    found.broken = look(site)
    return found


def test_release_deploys_the_image_of_the_registry(history, images):
    """Neither container's image is built: both have the digest's image, which .env names."""
    assert history.said[0].returncode == 0, history.said[0].stdout
    assert (history.old.image, history.old.written) == (images.old, images.old)
    assert (history.new.image, history.new.written) == (images.new, images.new)
    assert "author" in history.new.columns


def test_back_runs_the_last_image_again(history, images):
    """The container and the line in .env are the old release's again."""
    assert history.said[1].returncode == 0, history.said[1].stdout
    assert (history.back.image, history.back.written) == (images.old, images.old)


def test_back_loses_no_request(history):
    """Clients read pages and write rows during the rollback."""
    assert history.statuses == {200}


def test_back_leaves_the_new_tables(history):
    """The new release's column still exists, and the old code writes rows."""
    assert "author" not in history.old.columns
    assert "author" in history.back.columns
    assert history.back.rows > history.new.rows


def test_rollback_ignores_the_new_migrations(history):
    """The old release's `migrate` runs, and has nothing to apply."""
    assert history.said[1].returncode == 0, history.said[1].stdout
    assert "No migrations to apply" in history.said[1].stdout


def test_renamed_migration_fails_after_a_rollback(site, history):
    """The old image gets the new release's migration under another name, and applies it again."""
    assert "author" in history.broken.columns
    renamed = site.folder / "0002_author.py"
    renamed.write_text(EXPAND)
    mounted = f"{renamed}:/app/core/migrations/{renamed.name}:ro"

    done = site.shell(f"docker compose run --rm --no-deps --volume {mounted} migrate")

    assert done.returncode != 0
    assert 'column "author" of relation "core_note" already exists' in done.stdout


def test_failed_release_leaves_the_line_and_the_site(history, images):
    """The migration fails: the same container serves requests, and .env names its image."""
    assert history.said[2].returncode != 0
    assert history.broken.container == history.back.container
    assert history.broken.written == images.old
    assert history.broken.status == 200


def test_static_files_come_from_the_release(site, history):
    """The stylesheet that the page links to comes through nginx, which has no copy."""
    nginx = site.service("nginx")
    link = re.search(whitenoise.LINK, nginx.get("/", **HOST).text)[1]

    assert history.broken.status == 200
    assert nginx.get(link, **HOST).headers["Content-Type"].startswith("text/css")


def test_override_leaves_nothing_to_build(docker, tmp_path):
    """In the merged configuration, each service has an image, and none has a build."""
    for file in "compose/production.compose.yaml", "releases/pulled.compose.override.yaml":
        shutil.copy(SNIPPETS / file, tmp_path / saved(file))
    command = [*docker.client_config.docker_cmd, "compose", "config", "--format", "json"]
    env = os.environ | {"IMAGE": "registry.example/shop", "ALLOWED_HOSTS": "shop.example"}

    told = json.loads(subprocess.check_output(command, cwd=tmp_path, env=env))["services"]

    assert {name for name, keys in told.items() if "build" in keys} == set()
    assert {name for name, keys in told.items() if keys["image"] == env["IMAGE"]} == {
        "web",
        "migrate",
    }


@pytest.mark.docker_only("BuildKit, which builds the app's image")
def test_pages_lead_to_a_rollback_and_a_restore(walk, startproject, image_registry):
    """The robot releases, rolls back and backs up under load, and restores into an empty volume.

    Clients read and write rows of the table to which the second release adds a column.
    """
    walk.begin_compose(startproject())
    walk.edit("core/settings.py", {BY_NGINX: ""})
    walk.add("requirements.txt", WHITENOISE)
    walk.do("background-tasks/core-as-an-app.settings.py")
    for path in "models.py", "migrations/__init__.py", "migrations/0001_initial.py", "views.py":
        walk.add(f"core/{path}", (PROJECT / "core" / path).read_text())
    walk.add("core/urls.py", URLS)
    first = pushed(walk, image_registry, "one")
    walk.edit("core/models.py", AUTHOR)
    walk.edit("core/views.py", WITH_AUTHOR)
    walk.do(EXPANDS, f":caption: core/migrations/{saved(EXPANDS)}\n")
    second = pushed(walk, image_registry, "two")
    walk.follow("releases", without=[KEEPS, "releases/keep.console"])
    walk.run("releases", "chmod +x release.sh")
    walk.edit("nginx/default.conf", {re.search(STATIC, walk.read("nginx/default.conf"))[0]: ""})
    walk.edit(".env", {"ghcr.io/you/shop:main": first})
    walk.run("releases", "docker compose up --wait")
    walk.do("compose/superuser.console")
    walk.follow("backups", without=OTHER_BLOCKS)
    walk.run("backups", "chmod +x backup.sh restore.sh drill.sh")
    for name in "backup.sh", "restore.sh":
        walk.edit(name, dict.fromkeys(re.findall(UPLOADS, walk.read(name)), ""))

    site = walk.stack
    with gets(site, "/notes/") as get, posts(site) as post:
        released = site.shell(f"./release.sh {second}")
        assert released.returncode == 0, released.stdout
        image = site.service("web").handle.config.image
        walk.run("releases", "./release.sh --back")
        walk.run("backups", "./backup.sh")
    by_new_code = walk.rows("SELECT author <> '' FROM core_note ORDER BY id")
    before = tables(walk)
    backup = walk.run("backups", "./backup.sh").split()[-1]
    drilled = site.shell("./drill.sh")
    site.run("down", "--volumes")
    restored = site.shell(f"./restore.sh {backup}")
    after = tables(walk)
    with log_in(site.service("nginx").address, **HOST) as admin:
        sheets = styles(admin)

    assert {*get.answers, *post.answers} == {200}
    assert (image, site.service("web").handle.config.image) == (second, first)
    assert drilled.returncode == 0, drilled.stdout
    assert restored.returncode == 0, restored.stdout
    assert len(by_new_code) == post.answers[200]
    assert (by_new_code[0], by_new_code[-1], {*by_new_code}) == ("f", "f", {"f", "t"})
    assert after == before
    assert {sheet.status_code for sheet in sheets} == {200}


@pytest.fixture(scope="module")
def css(build, startproject, with_settings, builder, running, tmp_path_factory):
    """Return containers of two releases that differ in one file, and one that keeps both files.

    The third is built from the page's Dockerfile, with the first release as the page's context.
    """
    texts = with_settings()
    texts["core/settings.py"] += '\nSTATICFILES_DIRS = [BASE_DIR / "static"]\n'
    first, second = (
        build(KEEPS, project=startproject(), changes=texts | release) for release in (FIRST, SECOND)
    )
    folder = tmp_path_factory.mktemp("kept") / "project"
    shutil.copytree(startproject(), folder)
    (folder / "static").mkdir()
    for path, text in (texts | SECOND).items():
        (folder / path).write_text(text)
    shutil.copy(SNIPPETS / KEEPS, folder / "Dockerfile")
    kept = builder.tag("keeps-the-last-release")
    third = builder.tag("keeps-two-releases")
    found = SimpleNamespace(first=first, folder=folder, kept=kept, third=third)
    with ExitStack() as started:
        found.old, found.new = (started.enter_context(running(i)) for i in (first, second))
        found.old_name, found.new_name = hashed(found.old), hashed(found.new)
        yield found


def test_old_container_has_no_new_file(css):
    """The new release's stylesheet returns 404, with no header that says how long to cache it."""
    answer = css.old.get(css.new_name)

    assert css.old_name != css.new_name
    assert css.new.get(css.new_name).status_code == 200
    assert answer.status_code == 404
    assert "Cache-Control" not in answer.headers


def test_new_container_has_no_old_file(css):
    """The old release's stylesheet returns 404."""
    assert css.old.get(css.old_name).status_code == 200
    assert css.new.get(css.old_name).status_code == 404


@pytest.mark.docker_only("docker build --build-context")
def test_image_keeps_the_files_of_the_last_release(css, run, docker_in_path, monkeypatch, request):
    """One container serves both files, and its pages link to the new one; a third has all three."""
    path = docker_in_path(css.folder.parent / "bin")
    monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")
    for new, last in (css.kept, css.first), (css.third, css.kept):
        transcripts.replay(
            FILES / "keep.console",
            {"web:new": new, "web:last": last},
            css.folder,
            shown={},
            record=request.config.getoption("record"),
        )
        (css.folder / "static/site.css").write_text(THIRD)
    kept, third = run(css.kept), run(css.third)

    assert kept.get(css.old_name).text == FIRST["static/site.css"]
    assert kept.get(css.new_name).text == SECOND["static/site.css"]
    assert hashed(kept) == css.new_name
    assert third.get(hashed(third)).text == THIRD
    assert third.get(css.old_name).text == FIRST["static/site.css"]
    assert third.get(css.new_name).text == SECOND["static/site.css"]


def test_dockerfile_adds_one_stage_and_one_line():
    """Without the stage and the line, the file is identical to the app's Dockerfile."""
    text = (SNIPPETS / KEEPS).read_text()
    stage = re.search(r"(?s)# Empty, unless.*?\n\n", text)[0]
    line = re.search(r"# Pages of the last.*\n.*\n", text)[0]

    assert edited(text, {stage: "", line: ""}) == (SNIPPETS / DOCKERFILE).read_text()


def release(site, argument):
    """Run the page's script, and return the outcome."""
    return site.shell(f"env {NAMES} ./release.sh {argument}")


def look(site):
    """Return what is running, what .env names, and the database's content."""
    assert wait_until(lambda: site.service("nginx").get("/health/", **HOST).is_success)
    web, psql = site.service("web"), ["psql", "-qAt", "--dbname", "app", "--command"]
    db = site.service("db")
    return SimpleNamespace(
        container=web.handle.id,
        image=web.handle.config.image,
        written=re.search(r"(?m)^IMAGE=(.*)$", (site.folder / ".env").read_text())[1],
        columns=db.exec(*psql, COLUMNS).split(),
        rows=int(db.exec(*psql, "SELECT count(*) FROM core_note")),
        status=site.service("nginx").get("/", **HOST).status_code,
    )


def gets(site, path="/health/"):
    """Read pages through nginx."""
    return Load(f"{site.service('nginx').address}{path}", pause=0.1, **HOST)


def posts(site):
    """Write rows through nginx."""
    return Load(f"{site.service('nginx').address}/notes/", pause=0.1, **POST)


def pushed(walk, registry, name):
    """Build a release of a walk's project, and push it as CI does; return its name by digest."""
    walk.build()
    walk.pulled.append(registry.push(walk.docker, walk.image, "walked/shop", name))
    return walk.pulled[-1]


def tables(walk):
    """Return all rows of each table of a walk's database."""
    names = walk.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {name: walk.rows(f"TABLE {name} ORDER BY 1") for name in names}


def hashed(web):
    """Return the path of the stylesheet, as pages of this release link to it."""
    return f"/static/{json.loads(web.exec('cat', MANIFEST))['paths']['site.css']}"


def remove(docker, image):
    """Remove an image's tag, if it exists."""
    if docker.image.exists(image):
        docker.image.remove(image)
