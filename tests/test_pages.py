"""What holds for every page, as a browser shows it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from filelock import FileLock
from playwright.sync_api import sync_playwright

from images import PROJECT, SNIPPETS

ROOT = PROJECT.parent.parent
DOCS = ROOT / "docs"
SITE = "http://127.0.0.1:8000"  # inside the browser's container
SOURCES = sorted(path.relative_to(DOCS) for path in DOCS.rglob("*.md"))
PAGES = [str(path.with_suffix("")) for path in SOURCES] + ["proofs/signals", "search"]
WITH_FILES = [str(p.with_suffix("")) for p in SOURCES if "} ../snippets/" in (DOCS / p).read_text()]
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
TEXT_OF_CLIPBOARD = "navigator.clipboard.readText()"


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id):
    """Build the site once for all workers, and return its folder; a warning is an error."""
    shared = tmp_path_factory.getbasetemp()
    folder = (shared if worker_id == "master" else shared.parent) / "site"
    sphinx = [sys.executable, "-m", "sphinx", "-n", "-W", "--keep-going", "-q", "-c", ROOT]
    sphinx += ["-d", f"{folder}.doctrees", DOCS, folder]
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            done = subprocess.run(sphinx, check=False, capture_output=True, text=True)
            if done.returncode:
                pytest.fail(done.stderr, pytrace=False)
    return folder


@pytest.fixture(scope="session")
def browser(site, builder, docker, run_once):
    """Return a browser in a container that serves the site to itself."""
    image = builder.build(Path(__file__).with_name("browser.Dockerfile"))
    container = run_once(image, ready="DevTools listening")
    container.wait_for_log("Serving HTTP")
    docker.copy(f"{site}/.", (container.handle, "/site"))
    with sync_playwright() as playwright:
        yield playwright.chromium.connect_over_cdp(container.address)


@pytest.fixture
def visit(browser):
    """Return a function that opens a page, with options of a browser's context.

    What the page asks for, until it asks no more, is added to the list `asked`.
    """
    contexts = []

    def visit(name, asked=None, **options: object):
        contexts.append(browser.new_context(**{"viewport": DESKTOP, **options}))
        page = contexts[-1].new_page()
        if asked is not None:
            page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{SITE}/{name}.html", wait_until="load" if asked is None else "networkidle")
        return page

    yield visit
    for context in contexts:
        context.close()


each_page = pytest.mark.parametrize("name", PAGES)


@each_page
def test_page_is_accessible_and_fits_and_asks_nobody_else(visit, name):
    """On a phone, axe finds nothing by WCAG 2.2 AA and its best practices.

    Code scrolls inside its box, not the page with it. Each request goes to the site itself.
    """
    asked = []

    page = visit(name, asked, viewport=PHONE, color_scheme="light")

    width = page.evaluate("document.documentElement.scrollWidth")
    assert violations(page) == []
    assert width <= PHONE["width"]
    assert asked
    assert [url for url in asked if not url.startswith((SITE, "data:"))] == []


@pytest.mark.parametrize("name", ["dockerfile", "signals", "memory", "proofs/signals", "search"])
def test_page_is_accessible_in_the_dark(visit, name):
    """On a desktop and in dark colours, which all pages share, axe finds nothing either."""
    assert violations(visit(name, color_scheme="dark")) == []


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_source_is_short_and_described(path):
    """At most 400 words beside the front matter, and a description that a search engine shows."""
    _, matter, text = (DOCS / path).read_text().split("---\n", 2)
    description = re.search("description: (.*)", matter)[1]
    words = re.sub(r"(?s)```.*?```|\{proof\}`.*?`", "", text).split()

    assert 70 <= len(description) <= 170
    assert len(words) <= 400


@pytest.mark.parametrize("data", sorted((DOCS / "_data").glob("*.json")), ids=lambda p: p.stem)
def test_measurement_is_on_its_page_and_can_be_made_again(data):
    """Its page shows each table of a file of data, and its benchmark is there."""
    page = (DOCS / data.with_suffix(".md").name).read_text()

    shown = set(re.findall(r"{measurement} (\S+)", page))
    assert shown == set(json.loads(data.read_text())["tables"])
    assert (ROOT / f"tests/bench_{data.stem.replace('-', '_')}.py").exists()


@pytest.mark.parametrize("name", WITH_FILES)
def test_copy_and_download_give_the_file(visit, site, name):
    """Each block of a page copies as its file but for the last newline, and links to the file."""
    page = visit(name)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for bar in page.locator(".literal-block-wrapper:has(a.download)").all():
        link = bar.locator("a.download")
        raw = (site / name).parent.joinpath(link.get_attribute("href")).resolve()
        page.evaluate("navigator.clipboard.writeText('not copied')")
        bar.locator("button.copybtn").click()
        page.wait_for_function(f"{TEXT_OF_CLIPBOARD}.then(text => text != 'not copied')")

        copied = page.evaluate(TEXT_OF_CLIPBOARD)
        assert raw.read_text().endswith(f"{copied}\n")
        assert bar.locator(".caption-text").inner_text().startswith(f"{raw.name}\n")
        assert raw.read_bytes() in {path.read_bytes() for path in SNIPPETS.rglob(f"*.{raw.name}")}


def test_transcript_copies_as_its_command(visit):
    """Neither the prompt nor what was printed is copied."""
    page = visit("dockerfile")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.locator("#file-build-console button.copybtn").click()
    page.wait_for_function(f"{TEXT_OF_CLIPBOARD}.then(text => text.startsWith('docker build'))")

    assert page.evaluate(TEXT_OF_CLIPBOARD).strip() == "docker build --quiet --tag web ."


@pytest.mark.parametrize("name", ["index", "dockerfile", "signals"])
def test_first_screen_shows_the_file(visit, name):
    """The file to copy begins above the fold, on a phone too."""
    for viewport in DESKTOP, PHONE:
        box = visit(name, viewport=viewport).locator("pre").first.bounding_box()
        assert box["y"] < viewport["height"] * 0.7


def test_tick_is_not_copied_with_its_sentence(visit):
    """Selecting a whole paragraph and copying it leaves the ticks behind."""
    page = visit("signals")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("p:has(a.proof)").first.click(click_count=3)
    page.keyboard.press("Control+C")

    copied = page.evaluate(TEXT_OF_CLIPBOARD)
    assert "Gunicorn" in copied
    assert not set(copied) & set("✓○")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("WORKER TIMEOUT", "troubleshooting"),
        ("Perhaps out of memory?", "troubleshooting"),
        ("137", "signals"),
        ("worker-tmp-dir", "options"),
        ("WEB_CONCURRENCY", "concurrency"),
        ("gthreads", "worker-class"),
        ("staticfiles manifest", "static-files"),
    ],
)
def test_search_finds_the_page(visit, query, name):
    """The words of a log line, an option or a number lead to their page."""
    page = visit("index")
    page.goto(f"{SITE}/search.html?q={query}")
    page.wait_for_selector("#search-results li a")

    links = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
    assert any(f"/{name}.html" in link for link in links)


def violations(page):
    """Return the rules of axe that a page breaks, with the first element that does."""
    found = Axe().run(page, options={"runOnly": STANDARDS}).response["violations"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found]
