"""The proofs of docs/own-copy.md."""

import gzip
import os
import re
import shutil
import uuid
from contextlib import chdir
from functools import partial
from pathlib import Path
from posixpath import dirname, join, normpath
from xml.etree import ElementTree as ET
from zipfile import ZIP_STORED, ZipFile

import httpx
import pytest
from sphinx.cmd.build import build_main

from guide.names import saved
from harness import SNIPPETS
from harness.browser import DESKTOP
from harness.container import Container
from harness.guide_site import Site
from harness.texts import edited

FILES = "own-copy/site.Dockerfile", "own-copy/site.default.conf"
BREACH = "Content Security Policy"  # in what the browser reports
INLINE = "<script>document.title = 'It ran'</script></head>"
FILES_OF_SITE = "file:///site"  # where the browser's container has the site
MOVED = "user-uploads.html", "media-files.html"


@pytest.fixture(scope="module")
def folder(site, tmp_path_factory):
    """Return a directory with the built site and the page's files."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(site, folder / "_site", copy_function=os.link)
    for name in FILES:
        shutil.copy(SNIPPETS / name, folder / saved(name))
    return folder


@pytest.fixture
def serve(builder, docker, note, replay, request):
    """Return a function that builds and starts the image with the page's commands."""

    def serve(folder: Path) -> Container:
        builder.have_bases(folder / "Dockerfile")
        note([("file", name) for name in FILES])
        image = builder.tag(uuid.uuid4().hex)
        replay("own-copy/build.console", cwd=folder, guide=image)
        started = replay("own-copy/run.console", cwd=folder, guide=image)
        container = Container(docker, docker.container.inspect(started.strip()))
        request.addfinalizer(container.remove)
        container.wait_for_log("start worker process")
        return container

    return serve


@pytest.fixture
def guide(serve, folder):
    """Return a container that serves the guide."""
    return serve(folder)


def test_guide_runs_without_root_on_a_read_only_root(guide):
    """All processes belong to user 101, and the engine mounted the root read-only."""
    assert guide.get("/").status_code == 200
    assert guide.users() == {"101"}
    assert guide.handle.host_config.readonly_rootfs


def test_guide_is_sent_compressed(guide, site):
    """The compressed copy of each kind of file is what nginx sends; it unpacks to the file."""
    for name in "index.html", "signals.md", "searchindex.js", "_static/guide.css", "llms.txt":
        with httpx.stream("GET", f"{guide.address}/{name}") as response:
            sent = b"".join(response.iter_raw())
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(sent) == (site / name).read_bytes()
    plain = guide.get("/index.html", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers


def test_guide_is_cached_by_checksum(guide):
    """Each file that the first page links to with a checksum is immutable; its pages are not."""
    page = guide.get("/")
    linked = re.findall(r'(?:href|src)="(_static/[^"]+\?v=\w+)"', page.text)
    assert len(linked) > 10
    for name in linked:
        kept = guide.get(f"/{name}").headers["cache-control"]
        assert kept == "public, max-age=31536000, immutable"
    assert page.headers["cache-control"] == "no-cache"
    again = guide.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304
    for name in "_static/guide.css", "index.html?v=85b2eb67", "raw/SHA256SUMS":
        assert guide.get(f"/{name}").headers["cache-control"] == "no-cache"
    assert "cache-control" not in guide.get("/_static/no.css?v=85b2eb67").headers


def test_unknown_address_shows_the_guides_404_page(guide, site):
    """The status, the page, and the same policy as that of every page."""
    lost = guide.get("/no/such/page")

    assert lost.status_code == 404
    assert lost.text == (site / "404.html").read_text()
    policy = guide.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert lost.headers["content-security-policy"] == policy
    assert lost.headers["x-content-type-options"] == "nosniff"


@pytest.fixture
def page(browser):
    """Return an empty page of the browser."""
    context = browser.new_context(viewport=DESKTOP)
    yield context.new_page()
    context.close()


def visit(page, container, path=""):
    """Open a page of a container."""
    page.goto(f"http://{container.ip_address}:8080/{path}")


def test_guide_keeps_to_its_policy(page, guide):
    """The browser reports no breach, neither at loading nor at using a page, and scripts work."""
    reported = []
    page.on("console", lambda message: reported.append(message.text))
    show = partial(visit, page, guide)

    show()
    page.locator(".theme-toggle-content button").click()
    assert page.evaluate("document.body.dataset.theme") in {"light", "dark"}

    show("search.html?q=sigterm")
    page.locator("#search-results li").first.wait_for()

    show("how-it-works.html")
    assert page.locator("svg.drawing").first.bounding_box()["width"] <= 27 * 16

    show("troubleshooting.html")
    page.locator("#pasted").fill("[CRITICAL] WORKER TIMEOUT (pid:7)")
    page.locator("#filter output", has_text="match").wait_for()

    show("proofs/signals.html#exec-form-receives-sigterm")
    page.locator("#exec-form-receives-sigterm details.source[open]").wait_for()

    show("claims.html")
    page.locator("ul.claims li").first.wait_for()

    old, new = MOVED
    show(old)
    page.wait_for_url(f"**/{new}")

    show("no/such/page")
    assert page.locator("h1").inner_text() == "Page not found"
    assert [text for text in reported if BREACH in text] == []


def test_policy_blocks_an_inline_script(page, serve, folder, tmp_path):
    """The start page gets a script that changes its title: the browser reports it instead."""
    pages = tmp_path / "_site"
    shutil.copytree(folder / "_site/_static", pages / "_static")
    text = (folder / "_site/index.html").read_text()
    (pages / "index.html").write_text(edited(text, {"</head>": INLINE}))
    for name in FILES:
        shutil.copy(folder / saved(name), tmp_path)
    container = serve(tmp_path)

    with page.expect_console_message(lambda message: BREACH in message.text):
        visit(page, container)
    assert INLINE in page.content()
    assert page.title() == "Django on Gunicorn in Docker"


def test_pages_work_from_files(page):
    """The browser opens the built site's files, without any server."""
    page.goto(f"{FILES_OF_SITE}/search.html?q=sigterm")
    page.locator("#search-results li a").first.wait_for()

    page.goto(f"{FILES_OF_SITE}/troubleshooting.html")
    page.locator("#pasted").fill("[CRITICAL] WORKER TIMEOUT (pid:7)")
    page.locator("#filter output", has_text="match").wait_for()
    page.locator(".theme-toggle-content button").click()
    assert page.evaluate("document.body.dataset.theme") in {"light", "dark"}

    old, new = MOVED
    page.goto(f"{FILES_OF_SITE}/{old}")
    page.wait_for_url(f"**/{new}")


def test_list_of_claims_needs_a_server(page):
    """From a file, the page shows no claim and says that it cannot read the list."""
    page.goto(f"{FILES_OF_SITE}/claims.html")
    page.locator("#claims output", has_text="cannot read proofs.json here").wait_for()
    assert not page.locator("ul.claims li").count()

    page.goto(f"{FILES_OF_SITE}/search.html?q=sigterm")
    page.locator("#search-results li a").first.wait_for()
    assert not page.locator("#search-results p.context").count()


ADDRESS = "https://example.com/guide/"
XHTML, OPF = "{http://www.w3.org/1999/xhtml}", "{http://www.idpf.org/2007/opf}"
SVG = "{http://www.w3.org/2000/svg}"
DC, NCX = "{http://purl.org/dc/elements/1.1/}", "{http://www.daisy.org/z3986/2005/ncx/}"
CHAPTER = """(stop)=
# Stop it

It ends. {proof}`it-ends`
See {ref}`it stops <it-stops>`, {ref}`the claims <signals>` or [a site](https://example.com/a.html).

```{literalinclude} ../../snippets/signals/shell.compose.yaml
```

```{raw} html
<form><button>Find it</button></form>
<script></script>
<svg viewBox="0 0 9 9"><rect width="9" height="9" fill="var(--no, #fff)"/></svg>
```
"""


@pytest.fixture
def small(tmp_path):
    """Return a small guide, with a page in a directory that shows a file and a drawing."""
    small = Site(tmp_path)
    small.replace("docs/signals.md", "# Signals", "(signals)=\n# Signals")
    small.replace("docs/index.md", "signals\n", "signals\nfix/stop\n")
    small.write("docs/fix/stop.md", CHAPTER)
    small.write("snippets/signals/shell.compose.yaml", "services: {}\n")
    small.write("tests/fix/test_stop.py", "def test_it_ends(): pass\n")
    return small


def book(small, *options):
    """Build the EPUB of a guide, and return its files: bytes by name."""
    assert small.build("-b", "epub", "-d", "doctrees", *options) == []
    with ZipFile(small.root / "_site/guide.epub") as archive:
        assert archive.infolist()[0].compress_type == ZIP_STORED
        return {name: archive.read(name) for name in archive.namelist()}


def parsed(xml):
    """Return the root of what a build has written; if it is not well-formed, that is an error."""
    return ET.fromstring(xml)  # noqa: S314


def pages_of(files):
    """Return the pages of an EPUB, by name."""
    return {name: parsed(xml) for name, xml in files.items() if name.endswith(".xhtml")}


def test_epub_has_every_page_and_no_script(small):
    """The package lists every file, and has the pages in their order; each page is well-formed."""
    files = book(small)

    assert next(iter(files)) == "mimetype"
    assert files["mimetype"] == b"application/epub+zip"
    package = parsed(files["content.opf"])
    [identifier] = package.iter(f"{DC}identifier")
    contents = parsed(files["toc.ncx"])
    assert contents.find(f".//{NCX}meta[@name='dtb:uid']").get("content") == identifier.text
    items = {item.get("id"): item for item in package.iter(f"{OPF}item")}
    listed = {item.get("href") for item in items.values()}
    assert listed == files.keys() - {"mimetype", "META-INF/container.xml", "content.opf"}
    spine = [items[page.get("idref")] for page in package.iter(f"{OPF}itemref")]
    assert [item.get("href") for item in spine] == [
        "index.xhtml",
        "signals.xhtml",
        "fix/stop.xhtml",
    ]
    assert [item.get("properties") for item in spine] == [None, None, "svg"]
    pages = pages_of(files)
    tags = {element.tag for page in pages.values() for element in page.iter()}
    assert f"{XHTML}pre" in tags
    assert not tags & {f"{XHTML}script", f"{XHTML}form"}
    assert "FROM scratch" in "".join(pages["signals.xhtml"].itertext())
    assert "services: {}" in "".join(pages["fix/stop.xhtml"].itertext())
    [box] = pages["fix/stop.xhtml"].iter(f"{SVG}rect")
    assert box.get("fill") == "#fff"  # not every e-reader knows var()


def test_tick_in_the_epub_links_to_the_site(small):
    """Without the site's address, the mark is there without a link."""
    small.prove()
    for address in ADDRESS, "":
        settings = "-Dproof_results=proofs.xml", f"-Dhtml_baseurl={address}"
        pages = pages_of(book(small, *settings))
        for topic, claim in ("signals", "it-stops"), ("fix/stop", "it-ends"):
            [tick] = pages[f"{topic}.xhtml"].iterfind(f".//{XHTML}a[@id='{claim}']")
            assert "".join(tick.itertext()) == "✓"
            link = f"{ADDRESS}proofs/{topic}.html#{claim}"
            assert tick.get("href") == (link if address else None)
        shutil.rmtree(small.root / "_site")


def test_links_inside_the_epub_lead_somewhere(small):
    """Every relative link of every page leads to a page and an element of the book."""
    files = book(small)
    pages = pages_of(files)
    there = {f"{name}#{part.get('id')}" for name, page in pages.items() for part in page.iter()}
    links = {
        normpath(join(dirname(name), link.get("href")))
        for name, page in pages.items()
        for link in page.iter(f"{XHTML}a")
        if "://" not in link.get("href", "://")
    }

    assert links >= {"signals.xhtml#it-stops", "signals.xhtml#signals", "fix/stop.xhtml"}
    assert links - files.keys() - there == set()


def test_other_sites_can_link_to_pages_and_claims(site, tmp_path, capfd):
    """The page's two files; then the same with a claim that does not exist."""
    conf = (SNIPPETS / "own-copy/intersphinx.conf.py").read_text()
    text = (SNIPPETS / "own-copy/intersphinx.index.rst").read_text()
    inventory = f"{str(site / 'objects.inv')!r}"
    (tmp_path / "conf.py").write_text(edited(conf, {"None": inventory}))
    builds = []
    for name in "exec-form-receives-sigterm", "no-such-claim":
        changed = text.replace("exec-form-receives-sigterm", name)
        (tmp_path / "index.rst").write_text(changed)
        with chdir(tmp_path):
            builds.append(build_main(["-n", "-W", "-q", ".", "_site"]))

        if name in text:
            page = (tmp_path / "_site/index.html").read_text()
            assert 'href="https://example.com/guide/signals.html#signals"' in page
            assert f'href="https://example.com/guide/signals.html#{name}"' in page
    assert builds == [0, 1]
    assert "no-such-claim" in capfd.readouterr().err
