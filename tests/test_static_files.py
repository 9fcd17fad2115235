"""The proofs of docs/static-files.md."""

import http.client
import json
import re
import shutil
import uuid

import pytest

from harness import PROJECT, SNIPPETS
from scenarios.layers import layers, shared_stages
from scenarios.locked import UV

APP = "dockerfile/app.Dockerfile"
STATIC = "static-files/nginx.Dockerfile.static"
CONF = ["static-files/nginx.default.conf"]
VOLUME = "static-files/wrong-named-volume.compose.yaml"
CONF_TEXT = (SNIPPETS / CONF[0]).read_text()
IGNORE = (SNIPPETS / f"{APP}.dockerignore").read_text()
COMPRESSED = ("css", "js", "svg")
LEFT_OVERS = {"staticfiles/old.css": "canary", "core/static/core/key.pem": "canary"}
GZIP, PLAIN = {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}
STARTED = "start worker process"


@pytest.fixture
def nginx(build, run_once):
    """Run the static image as on the page."""
    return run_once(build(STATIC, files=CONF), ready=STARTED)


def test_command_builds_the_static_image(builder, replay, run, tmp_path):
    """The page's command runs in a directory with the page's files."""
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)
    shutil.copy(SNIPPETS / STATIC, tmp_path / "Dockerfile.static")
    shutil.copy(SNIPPETS / CONF[0], tmp_path / "default.conf")
    (tmp_path / ".dockerignore").write_text(IGNORE)
    tag = builder.tag("static-typed-by-hand")
    builder.have_bases(SNIPPETS / STATIC)

    replay("static-files/build.console", cwd=tmp_path, **{"web-static": tag})

    assert run(tag, ready=STARTED).get("/static/core/site.css").status_code == 200


def test_nginx_serves_what_the_page_links_to(build, run_once, nginx):
    """The app image writes a stylesheet's name into a page; nginx serves it with its type."""
    page = run_once(build(APP)).get("/").text
    response = nginx.get(re.search(r'href="(\S+\.css)"', page)[1])

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/css")


def test_hashed_names_are_cached_for_a_year(build, run):
    """Every hashed name in the manifest is immutable, with any ending; a plain name is not."""
    paths = [f"core/static/core/{name}" for name in ("LICENSE", "A.PNG", "a.tar-gz")]
    changes = dict.fromkeys(paths, "any text\n")
    nginx = run(build(STATIC, files=CONF, changes=changes), ready=STARTED)
    hashed = [nginx.get(path) for path in names(nginx).values()]
    plain = nginx.get("/static/core/site.css")

    immutable = "public, max-age=31536000, immutable"
    assert {response.status_code for response in hashed} == {200}
    assert [r.url.path for r in hashed if r.headers.get("Cache-Control") != immutable] == []
    assert plain.status_code == 200
    assert "Cache-Control" not in plain.headers


def test_missing_file_is_not_found(nginx):
    """A missing file and a missing directory both return 404."""
    codes = {nginx.get(path).status_code for path in ("/static/no.css", "/no/")}

    assert codes == {404}


def test_browser_is_told_not_to_guess(nginx):
    """The header is set for a hashed name, for a plain name, and for an error."""
    paths = names(nginx)["core/site.css"], "/static/core/site.css", "/static/no.css"

    assert {nginx.get(p).headers["X-Content-Type-Options"] for p in paths} == {"nosniff"}


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_browser_gets_what_the_build_compressed(nginx, suffix):
    """The response has the length of the .gz file, and unpacks to the uncompressed file."""
    path = next(path for path in names(nginx).values() if path.endswith(f".{suffix}"))
    small, large = nginx.get(path, headers=GZIP), nginx.get(path, headers=PLAIN)

    assert small.headers["Content-Encoding"] == "gzip"
    assert small.headers["Content-Length"] == nginx.exec("stat", "-c%s", f"/srv{path}.gz")
    assert "Content-Encoding" not in large.headers
    assert small.text == large.text


def test_proxy_gets_the_compressed_file_too(nginx):
    """One request uses HTTP/1.0, another has the header Via: both get the compressed file."""
    path = names(nginx)["core/site.css"]
    via = nginx.get(path, headers={**GZIP, "Via": "1.1 proxy"}).headers

    assert via["Content-Encoding"] == "gzip"
    assert get_by_http_1_0(nginx, path, GZIP)["Content-Encoding"] == "gzip"


def test_caches_are_told_of_both_kinds(nginx):
    """The header is Vary: Accept-Encoding, with and without compression."""
    path = names(nginx)["core/site.css"]

    assert {nginx.get(path, headers=h).headers.get("Vary") for h in (GZIP, PLAIN)} == {
        "Accept-Encoding"
    }


def test_compressed_files_are_a_third(nginx):
    """Compares all stylesheets, scripts and SVG files of the admin and the project together."""
    small, large = (int(size) for size in nginx.exec("sh", "-c", SIZES).split())

    assert 0 < small < large / 3


def test_nginx_keeps_files_open(nginx):
    """An nginx worker still has the file open after it has sent the response."""
    nginx.get("/static/core/logo.svg", headers=PLAIN)

    assert "/srv/static/core/logo.svg" in nginx.exec("sh", "-c", "readlink /proc/[0-9]*/fd/*; true")


def test_nginx_runs_without_root(nginx):
    """Every process in the container, including the master, has the official image's user ID."""
    assert nginx.users() == {"101"}


def test_both_builds_agree_on_the_names(build, docker, nginx):
    """Both images have the same manifest, and every name in it is a file."""
    kept = ["cat", "staticfiles/staticfiles.json"]
    manifest = json.loads(docker.run(build(APP), kept, remove=True))
    files = nginx.exec("find", "/srv/static", "-type", "f").split()

    assert manifest["hash"] == json.loads(nginx.exec("cat", MANIFEST))["hash"]
    assert {f"/srv/static/{path}" for path in manifest["paths"].values()} <= set(files)


def test_both_files_share_their_first_stages():
    """The stages `packages` and `static` have the same text in both Dockerfiles."""
    files = [(SNIPPETS / name).read_text() for name in (APP, STATIC)]

    assert shared_stages(files[0]) == shared_stages(files[1])


def test_static_image_takes_the_stages_of_uv(build, run, locked):
    """With the two stages of uv's Dockerfile instead of pip's, the file names are the same."""
    pip, uv = (shared_stages((SNIPPETS / name).read_text()) for name in (APP, UV))

    with_pip = run(build(STATIC, files=CONF), ready=STARTED)
    with_uv = run(build(STATIC, files=CONF, project=locked, edits={pip: uv}), ready=STARTED)

    assert "uv sync" in uv
    assert names(with_uv) == names(with_pip)


def test_touched_view_leaves_the_static_image(build, docker):
    """After a change to a view, `collectstatic` runs again, but all layers stay the same."""
    views = (PROJECT / "core/views.py").read_text()
    # No other test builds these layers: see packages_of in scenarios/layers.py.
    own = {"core/static/core/own.css": "/* own */\n", "default.conf": f"# own\n{CONF_TEXT}"}
    touched = own | {"core/views.py": f"{views}\n# {uuid.uuid4()}\n"}

    images = build(STATIC, changes=own), build(STATIC, changes=touched)

    assert layers(docker, images[0]) == layers(docker, images[1])


def test_missing_manifest_fails_each_page(build, run):
    """Without staticfiles.json, the container starts, a page returns 500, and the log says why."""
    container = run(build("signals/exec-form.Dockerfile"))  # which collects nothing
    response = container.get("/")

    assert response.status_code == 500
    container.wait_for_log("Missing staticfiles manifest entry for 'core/site.css'")


def test_ignore_file_keeps_left_overs_out(build, docker):
    """An old stylesheet and a key in a static directory get in only without the ignore file."""
    changes = [LEFT_OVERS, LEFT_OVERS | {".dockerignore": IGNORE}]
    images = [build(STATIC, files=CONF, changes=change) for change in changes]
    look = ["sh", "-c", "grep -rl canary /srv/static; true"]
    found = [docker.run(image, look, remove=True) for image in images]

    assert "/srv/static/old.css" in found[0]
    assert "/srv/static/core/key.pem" in found[0]
    assert found[1] == ""


def test_named_volume_keeps_the_first_deploy(build, docker, stack):
    """The second image has another stylesheet, but nginx serves the first one."""
    new = {"core/static/core/site.css": "/* second deploy */\n"}
    first = build("dockerfile/shortest.Dockerfile")
    second = build("dockerfile/shortest.Dockerfile", changes=new)

    served = []
    for image in first, second:
        deploy = stack(VOLUME, {"web": {"image": image}}, files=CONF)
        deploy.run("create")
        deploy.up("nginx")
        deploy.service("nginx").wait_for_log(STARTED)
        served.append(deploy.service("nginx").get("/static/core/site.css").text)
    before, after = served

    kept = ["cat", "staticfiles/core/site.css"]
    assert "second deploy" in docker.run(second, kept, remove=True)
    assert after == before != ""
    assert "second deploy" not in after


MANIFEST = "/srv/static/staticfiles.json"
SIZES = """
cd /srv/static
find . -name '*.gz' -exec cat {} + | wc -c
find . -name '*.gz' | sed 's/.gz$//' | xargs cat | wc -c
"""


def names(nginx):
    """Return the hashed files' addresses, by plain names, as in the static image."""
    paths = json.loads(nginx.exec("cat", MANIFEST))["paths"]
    return {plain: f"/static/{hashed}" for plain, hashed in paths.items()}


def get_by_http_1_0(container, path, headers):
    """Send a request over HTTP/1.0, which httpx cannot, and return the response's headers."""
    client = http.client.HTTPConnection("127.0.0.1", container.ports[0])
    client._http_vsn, client._http_vsn_str = 10, "HTTP/1.0"  # noqa: SLF001
    client.request("GET", path, headers=headers)
    return client.getresponse().headers
