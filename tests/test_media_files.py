"""The proofs of docs/media-files.md."""

import os
import re
from uuid import uuid4

import httpx
import pytest

from harness import SNIPPETS, engine
from harness.container import PATIENCE, wait_until
from scenarios.proxied import APP, CONF, STATIC, with_settings

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
