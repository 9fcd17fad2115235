"""A browser, and the site that it visits: fixtures for what a reader sees."""

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright

from images import PROJECT

ROOT = PROJECT.parent.parent
DOCS = ROOT / "docs"
SITE = "http://127.0.0.1:8000"  # inside the browser's container
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


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
