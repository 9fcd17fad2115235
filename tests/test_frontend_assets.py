"""The proofs of docs/frontend-assets.md."""

import re
import shutil
import uuid

import pytest

from harness import PROJECT, SNIPPETS
from harness.texts import edited
from scenarios.frontend import (
    CONF,
    FILE,
    HOME,
    PAGE,
    SETTINGS,
    static_file,
    with_tailwind,
    with_vite,
)
from scenarios.layers import instructions

APP = "dockerfile/app.Dockerfile"
STARTED = "start worker process"
COLLECT = "RUN SECRET_KEY=not-kept-in-the-image python manage.py collectstatic"
COPY_PACKAGES = "COPY --from=frontend /app/node_modules node_modules\n"
MKDIR = "RUN mkdir -p frontend/dist"
CHUNKS = (PAGE / "chunks.vite.config.js").read_text()
STORAGE = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
HASHED = r"\.[0-9a-f]{12}\."
FROM_DJANGO_VITE = {"{% load i18n static %}": "{% load django_vite i18n static %}"}


@pytest.fixture
def image(build):
    """Build the page's file for the sample project with a frontend."""
    return build(FILE, changes=with_vite())


@pytest.fixture
def serve(build, run, tmp_path):
    """Return a function that builds the static image of a project, and runs it."""

    def serve(changes):
        dockerfile = tmp_path / "frontend.Dockerfile.static"
        dockerfile.write_text(static_file())
        return run(build(dockerfile, files=CONF, changes=changes), ready=STARTED)

    return serve


@pytest.fixture
def aloud(builder, tmp_path):
    """Return a function that builds a project with the page's file, and returns the output."""

    def aloud(changes, *options, check=True, edits=None):
        folder = tmp_path / uuid.uuid4().hex
        shutil.copytree(PROJECT, folder)
        for path, text in changes.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        text = (SNIPPETS / FILE).read_text()
        (folder / "Dockerfile").write_text(edited(text, edits or {}))
        done = builder.build_aloud(folder / "Dockerfile", folder, *options)
        assert (done.returncode == 0) == check, done.stderr
        return done.stderr

    return aloud


def test_frontend_stage_is_all_that_is_new():
    """All of the app image's instructions are there, and the new ones follow a comment."""
    app, new = (instructions(SNIPPETS / name) for name in (APP, FILE))
    text = (SNIPPETS / FILE).read_text()
    marked = "".join(re.findall(r"# New:.*\n(?:#.*\n)*((?:[^#\n].*\n)+)", text)).splitlines()

    assert [line for line in app if line not in new] == []
    added = [line for line in new if line not in app]
    assert "FROM node:24-trixie-slim AS frontend" in added
    assert [line for line in added if line not in marked] == []


def test_page_and_bundle_are_served(image, run, serve):
    """The static image has both files under the names that the app's page links to."""
    app, static = run(image), serve(with_vite())
    page = app.get("/").text

    style = static.get(re.search(rf'href="(/static/main{HASHED}css)"', page)[1])
    script = static.get(re.search(rf'src="(/static/main{HASHED}js)"', page)[1])
    assert (style.status_code, script.status_code) == (200, 200)
    assert style.headers["Content-Type"] == "text/css"
    assert "javascript" in script.headers["Content-Type"]
    assert "chunk" in script.text
    assert app.get("/whoami/").json()["uid"] == 10001
    assert app.stop().exit_code == 0


def test_node_stays_out_of_the_image(image, run):
    """Root finds neither a Node program nor a directory of packages."""
    look = "command -v node npm npx; find / -xdev -name node_modules; echo looked"
    container = run(image, "sh", "-c", look, ready="looked", user="0")

    assert container.logs().split() == ["looked"]


def test_copied_node_modules_are_collected(build, inside):
    """The settings list a package: its files are collected, but not the reader's own file in it."""
    added = {COLLECT: f"{COPY_PACKAGES}{COLLECT}", MKDIR: f"{MKDIR} node_modules/picocolors"}
    changes = with_vite() | {"node_modules/picocolors/mine.js": "mine();\n"}
    listed = {'"frontend/dist"': '"frontend/dist", BASE_DIR / "node_modules/picocolors"'}
    changes[SETTINGS] = edited(changes[SETTINGS], listed)
    image = build(FILE, changes=changes, edits=added)

    collected = inside(image, "ls", "staticfiles").output.split()
    checked = inside(image, "python", "manage.py", "check", env={"SECRET_KEY": "any"})

    assert "picocolors.js" in collected
    assert "mine.js" not in collected
    assert "no issues" in checked.output


def test_outdated_npm_lock_fails_the_build(aloud):
    """The project requires another version of Vite than the lock has."""
    asked = edited(with_vite()["package.json"], {'"vite": "8': '"vite": "7'})

    assert "can only install packages when your package.json" in aloud(
        with_vite() | {"package.json": asked}, check=False
    )


@pytest.mark.docker_only("BuildKit, whose log this is")
def test_change_of_code_keeps_the_npm_packages(aloud):
    """After a change to a view and a template, `npm ci` is cached, but Vite's build runs again."""
    # No other test builds this stage: see packages_of in scenarios/layers.py.
    own = {'"private"': '"name": "own", "private"'}
    named = {"package.json": edited(with_vite()["package.json"], own)}
    change = {"core/new.py": f"# {uuid.uuid4()}\n", HOME: f"{with_vite()[HOME]}<!-- new -->\n"}
    aloud(with_vite() | named)

    log = aloud(with_vite() | named | change)

    assert cached(log, "npm ci")
    assert not cached(log, "npm run build")


@pytest.mark.docker_only("BuildKit, whose log this is")
def test_npm_installs_again_from_the_cache(aloud):
    """A new project name makes npm reinstall the packages, without a network."""
    aloud(with_vite(), "--target", "frontend")
    name = f'"name": "n{uuid.uuid4().hex}", "private"'
    changed = {"package.json": edited(with_vite()["package.json"], {'"private"': name})}

    log = aloud(with_vite() | changed, "--target", "frontend", edits={"npm ci": "npm ci --offline"})

    assert not cached(log, "npm ci --offline")
    assert re.search(r"added \d\d packages", log)


def test_old_bundle_is_replaced(serve):
    """The directory has two older bundles, one with another name and one with the same name."""
    old = {"frontend/dist/old.js": "old();\n", "frontend/dist/main.css": "old {}\n"}

    static = serve(with_vite() | old)

    assert static.get("/static/old.js").status_code == 404
    assert "background" in static.get("/static/main.css").text


def test_check_finds_the_output_directory(image, inside):
    """Django's own check of the settings passes in the image."""
    done = inside(image, "python", "manage.py", "check", env={"SECRET_KEY": "any"})

    assert done.output.strip() == "System check identified no issues (0 silenced)."


def test_chunk_imports_the_entry_under_another_name(serve):
    """The page links to the entry's name with both hashes, the chunk to the name with one."""
    static = serve(with_vite() | {"vite.config.js": CHUNKS})
    names = files(static)
    [entry] = [name for name in names if re.fullmatch(rf"main-[\w-]{{8}}{HASHED}js", name)]
    [chunk] = [name for name in names if re.fullmatch(rf"later-[\w-]{{8}}{HASHED}js", name)]

    imported = re.search(
        r"[\"'`]\./(main-.*?\.js)[\"'`]", static.get(f"/static/assets/{chunk}").text
    )
    assert imported[1] in names
    assert imported[1] != entry
    assert (
        static.get(f"/static/assets/{imported[1]}").text
        == static.get(f"/static/assets/{entry}").text
    )


def test_default_base_misses_static_url(serve):
    """Without the line, the script requests the picture at the root, which returns 404."""
    config = edited(CHUNKS, {'  base: "./",\n': ""})
    static = serve(with_vite() | {"vite.config.js": config})

    address = re.search(r"/assets/paper-[\w-]+\.svg", script_of(static))[0]
    assert static.get(address).status_code == 404
    assert static.get(f"/static{address}").status_code == 200


def test_picture_in_the_style_sheet_is_found(serve):
    """Django has written the hashed name into the style sheet, and that file exists."""
    static = serve(with_vite())
    [style] = [name for name in files(static) if re.fullmatch(rf"main{HASHED}css", name)]

    picture = re.search(r"url\(\"?(.*?)\"?\)", static.get(f"/static/{style}").text)[1]
    assert re.fullmatch(rf"(\./)?paper{HASHED}svg", picture)
    assert static.get(f"/static/{picture.removeprefix('./')}").status_code == 200


def test_chunks_share_the_entry(build, run, serve):
    """The page links to the same name as the chunk imports."""
    changes = with_vite() | with_chunks()

    page = run(build(FILE, changes=changes)).get("/").text
    static = serve(changes)

    entry = re.search(r'src="/static/assets/(main-[\w-]{8}\.js)"', page)[1]
    [chunk] = [name for name in files(static) if re.fullmatch(r"later-[\w-]{8}\.js", name)]
    assert f"./{entry}" in static.get(f"/static/assets/{chunk}").text
    assert [name for name in files(static) if re.match(rf"(main|later)-.*{HASHED}", name)] == []
    assert re.search(r'href="/static/assets/main-[\w-]{8}\.css"', page)


def test_static_image_does_not_cache_vite_names(serve):
    """A name with Vite's hash gets no cache header, but one with Django's does."""
    static = serve(with_vite() | with_chunks())
    names = files(static)
    [vite] = [name for name in names if re.fullmatch(r"main-[\w-]{8}\.js", name)]
    [django] = [name for name in names if re.fullmatch(rf"site{HASHED}css", name)]

    assert "Cache-Control" not in static.get(f"/static/assets/{vite}").headers
    assert "31536000" in static.get(f"/static/core/{django}").headers["Cache-Control"]


def test_hidden_manifest_is_not_collected(serve, aloud):
    """Vite says that it writes the file, but the static image does not have it."""
    config = edited(CHUNKS, {'manifest: "manifest.json"': "manifest: true"})
    changes = with_vite() | {"vite.config.js": config}

    new = {"frontend/new.txt": uuid.uuid4().hex}
    assert "frontend/dist/.vite/manifest.json" in aloud(changes | new)
    assert "manifest.json" not in files(serve(changes))


def test_tailwind_builds_with_the_same_file(build, run, serve):
    """The page links to a style sheet that the static image contains."""
    page = run(build(FILE, changes=with_tailwind())).get("/").text
    static = serve(with_tailwind())

    style = static.get(re.search(rf'href="(/static/main{HASHED}css)"', page)[1])
    assert style.status_code == 200
    assert "tailwindcss" in style.text


def test_tailwind_keeps_used_classes(serve):
    """The style sheet has a class that the template uses, but not one that it does not use."""
    style = serve(with_tailwind()).get("/static/main.css").text

    assert ".underline" in style
    assert ".line-through" not in style


def with_chunks():
    """Return the page's changes for several chunks, with django-vite to read the manifest."""
    project, storage = with_vite(), (PAGE / "keeps-vite-names.storage.py").read_text()
    installed = {"INSTALLED_APPS = [\n": 'INSTALLED_APPS = [\n    "django_vite",\n'}
    settings = edited(project[SETTINGS], {STORAGE: "core.storage.ViteStorage", **installed})
    own = re.search(r'<link rel="stylesheet" href="\{% static .main.css.*\n.*\n', project[HOME])[0]
    tag = {own: "{% vite_asset 'frontend/main.js' %}\n"}
    return {
        "vite.config.js": CHUNKS,
        "core/storage.py": storage,
        "requirements.txt": f"{(PROJECT / 'requirements.txt').read_text()}django-vite==3.2.0\n",
        SETTINGS: settings,
        HOME: edited(project[HOME], FROM_DJANGO_VITE | tag),
    }


def files(static):
    """Return the names of all files in a static image."""
    return static.exec("find", "/srv/static", "-type", "f", "-printf", "%f\\n").split()


def script_of(static):
    """Return the entry's text."""
    [name] = [name for name in files(static) if re.fullmatch(r"main-[\w-]{8}\.js", name)]
    return static.get(f"/static/assets/{name}").text


def cached(log, command):
    """Whether a build step was taken from the cache."""
    step = re.search(rf"(?m)^(#\d+) \[frontend .*{command}$", log)[1]
    return f"{step} CACHED\n" in log
