"""The proofs of docs/media-files.md."""

import os
import re
from uuid import uuid4

import httpx
import pytest

from guide.names import saved
from harness import SNIPPETS, engine
from harness.container import PATIENCE, wait_until
from harness.stack import Stack
from harness.texts import edited
from scenarios.kinds import copy_of
from scenarios.proxied import APP, CONF, STATIC, with_settings
from scenarios.proxied import TEXT as NGINX

COMPOSE = "media-files/volume.compose.yaml"
MEDIA = "media-files/harmless.media.conf"
SETTINGS = (SNIPPETS / "media-files/media.settings.py").read_text()
OWNER = "RUN install -d -o 10001 /media && touch /media/.keep\n"
URLS = """
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

@csrf_exempt
def upload(request):
    request.POST.get("text")
    file = request.FILES["file"]
    return HttpResponse(default_storage.url(default_storage.save(file.name, file)))

urlpatterns = [path("upload/", upload), path("other/", upload)]
"""
NOTE = """
from django.db import connection
from django.http import HttpResponse

def note(request):
    with connection.cursor() as cursor:
        return HttpResponse(*cursor.execute("SELECT text FROM note").fetchone())

urlpatterns += [path("note/", note)]
"""
EARLIER = """
import pathlib, sqlite3
pathlib.Path("/data/media/albums").mkdir(parents=True)
pathlib.Path("/data/media/albums/1.txt").write_text("earlier upload")
with sqlite3.connect("/data/db.sqlite3") as connection:
    connection.executescript("CREATE TABLE note (text); INSERT INTO note VALUES ('earlier row')")
"""
[OF_STATIC_FILES] = re.findall(r"(?s)    location /static/ \{.*?\n    \}\n\n", NGINX)
BY_COMPOSE = {
    "    build: {context: ., dockerfile: Dockerfile.static}\n": (
        "    image: nginxinc/nginx-unprivileged:1.30\n"
    ),
    "      - media:/srv/media:ro\n": (
        "      - media:/srv/media:ro\n"
        "      - ./nginx/default.conf:/etc/nginx/conf.d/default.conf:ro\n"
    ),
    "    environment:\n      SECRET_KEY:\n      ALLOWED_HOSTS:\n": (
        "    env_file: web.env\n    environment:\n"
    ),
    '["media:/media"]': '["media:/media", "web-data:/data"]',
    "\nvolumes:\n  media:\n": "\nvolumes:\n  media:\n  web-data: {external: true}\n",
}
MB = 1_000_000
PAGE = b"<script>document.title = 'ran'</script>"
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@pytest.fixture(scope="module")
def with_media(build):
    """Build the page's Dockerfile: the app's with one extra line."""
    return build(APP, edits={"USER 10001": f"{OWNER}USER 10001"})


@pytest.fixture(scope="module")
def volume(docker):
    """Return a volume like the one in the page's Compose file."""
    run = os.environ["PROOFS_RUN"]
    volume = docker.volume.create(f"media-{run}-{uuid4().hex[:12]}", labels={engine.LABEL: run})
    yield volume.name
    volume.remove()


@pytest.fixture(scope="module")
def site(proxying, volume, with_media, tmp_path_factory):
    """Return nginx and Gunicorn, with a volume as in the page's Compose file."""
    more = with_settings(tmp_path_factory.mktemp("extra"), SETTINGS, URLS)
    more["volumes"].append((volume, "/media"))
    nginx = {"locations": [MEDIA], "volumes": [(volume, "/srv/media", "ro")]}
    locked = {"read_only": True, "tmpfs": ["/tmp:size=256m"]}
    with proxying(image=with_media, nginx=nginx, **more, **locked) as site:
        yield site


def test_nginx_serves_small_and_large_uploads(site):
    """An upload that Django kept in memory and one from a file in /tmp are both served."""
    contents = [b"small", b"large" * MB]

    paths = [upload(site, "file.bin", content).text for content in contents]
    assert [site.get(path).content for path in paths] == contents


def test_uploads_are_sent_so_that_no_script_runs(site):
    """Requests a page, an SVG with a script, and a missing file."""
    paths = [upload(site, name, PAGE).text for name in ("page.html", "drawing.svg")]
    answers = [site.get(path) for path in [*paths, "/media/no.html"]]

    for answer in answers:
        assert [answer.headers[name] for name in HARMLESS] == list(HARMLESS.values())
    assert [answer.status_code for answer in answers] == [200, 200, 404]


def test_nginx_cannot_write_to_the_volume(site):
    """Not even root can write, because the volume is mounted read-only."""
    touch = ["sh", "-c", "touch /srv/media/new 2>&1; true"]

    assert "Read-only file system" in site.nginx.handle.execute(touch, user="root")


def test_uploads_outlive_the_container(build, stack, with_media, tmp_path):
    """With the page's Compose file, an upload is still served after its container is replaced."""
    more = with_settings(tmp_path, SETTINGS, URLS)
    mounts = [":".join(map(str, mount)) for mount in more["volumes"]]
    web = {"image": with_media, "volumes": mounts, "environment": more["env"]}
    nginx = {"image": build(STATIC, files=[CONF])}
    stack = stack(COMPOSE, {"nginx": nginx, "web": web}, files=[MEDIA])
    stack.up()
    site, first = stack.service("nginx"), stack.service("web")
    assert wait_until(lambda: site.get("/health/").status_code == 200)
    path = upload(site, "file.bin", b"kept").text
    stack.run("up", "--detach", "--no-build", "--force-recreate", "--no-deps", "web")

    assert stack.service("web").handle.id != first.handle.id
    assert site.get(path).content == b"kept"


@pytest.fixture
def four_steps(build, startproject, tmp_path):
    """Build a site of docs/your-project.md, with the files and lines that step 1 adds."""
    project = copy_of(startproject(), tmp_path / "project")
    project.dockerfile = edited(project.dockerfile, {"USER 10001": f"{OWNER}USER 10001"})
    project.block += SETTINGS
    urls = project.folder / "core/urls.py"
    urls.write_text(urls.read_text() + re.sub("urlpatterns = ", "urlpatterns += ", URLS) + NOTE)
    return build(project.follow(), project=project.folder)


def test_nginx_joins_a_site_with_whitenoise(
    four_steps, new_volume, docker, official, run, tmp_path
):
    """The steps keep the old container's table; its upload is copied, and a new one is served.

    nginx adds its headers to uploads only; the stylesheets come from WhiteNoise.
    """
    before = run(four_steps, "python", "-c", EARLIER, ready="", volumes=[(new_volume, "/data")])
    assert before.exit_code == 0, before.logs()
    official("nginxinc/nginx-unprivileged:1.30")
    file, folder = tmp_path / "edited.yaml", tmp_path / "site"
    (folder / "nginx").mkdir(parents=True)
    own = {"external: true": f"external: true, name: {new_volume}"}
    file.write_text(edited((SNIPPETS / COMPOSE).read_text(), BY_COMPOSE | own))
    (folder / "nginx/default.conf").write_text(edited(NGINX, {OF_STATIC_FILES: ""}))
    (folder / saved(MEDIA)).write_text((SNIPPETS / MEDIA).read_text())
    (folder / "web.env").write_text("SECRET_KEY=of-this-test\nALLOWED_HOSTS=127.0.0.1\n")
    stack = Stack(docker, folder, file, {"web": {"image": four_steps}}, {})

    try:
        stack.up()
        site = stack.service("nginx")
        assert wait_until(lambda: site.get("/admin/login/").status_code == 200)
        stack.run("exec", "-T", "web", "cp", "-R", "/data/media/.", "/media")
        paths = "/media/albums/1.txt", upload(site, "file.bin", b"new upload").text
        uploads = [site.get(path) for path in paths]
        styles = re.findall(r'href="(\S+\.css)"', site.get("/admin/login/").text)
        sheets, note = [site.get(path) for path in styles], site.get("/note/").text
    finally:
        stack.down()

    assert note == "earlier row"
    assert [answer.text for answer in uploads] == ["earlier upload", "new upload"]
    assert {answer.headers["Content-Disposition"] for answer in uploads} == {"attachment"}
    assert {sheet.status_code for sheet in sheets} == {200}
    assert "Content-Disposition" not in sheets[0].headers


def test_larger_body_ends_at_nginx(site):
    """An upload of 11 MB passes only at the path where the view accepts files."""
    answers = [upload(site, "large.bin", b"x" * 11 * MB, path) for path in ("/other/", "/upload/")]

    assert [answer.status_code for answer in answers] == [413, 200]
    assert "POST /other/" not in site.web.wait_for_log("POST /upload/")


def test_tmpfs_has_room_for_two_uploads():
    """The size of the tmpfs is at least twice that of the largest body which nginx lets through."""
    [size] = re.findall(r"/tmp:size=(\d+)m", (SNIPPETS / COMPOSE).read_text())
    [most] = re.findall(r"client_max_body_size (\d+)m;", (SNIPPETS / MEDIA).read_text())

    assert int(most) == 100
    assert int(size) >= 2 * int(most)


def test_limit_of_django_counts_no_files(site):
    """Five megabytes in a file pass, but three in a form field do not."""
    answers = [upload(site, "x", b"x" * 5 * MB), upload(site, "x", b"x", text="x" * 3 * MB)]

    assert [answer.status_code for answer in answers] == [200, 400]


def test_name_of_a_client_cannot_escape(site):
    """Of Unix and Windows paths, absolute or with `..`, only the last part is kept."""
    names = ["../../app/core/views.py", "/app/manage.py", "..\\..\\x.txt"]

    paths = [upload(site, name, b"forged").text for name in names]
    assert paths == ["/media/views.py", "/media/manage.py", "/media/x.txt"]


def upload(site, name, content, path="/upload/", text=""):
    """Send a form with a file and a text."""
    form = {"files": {"file": (name, content)}, "data": {"text": text}}
    return httpx.post(site.address + path, timeout=PATIENCE, **form)
