"""A browser and the site that it visits: fixtures for what a reader sees."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import playwright
import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from python_on_whales import DockerClient

from harness import ROOT
from harness.container import Container
from harness.images import Builder

DOCS = ROOT / "docs"
SITE, DEBUGGING = "http://127.0.0.1:8000", "http://127.0.0.1:9222"  # in the browser's container
DRIVER = Path(playwright.__file__).parent / "driver/package"
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SEARCH_IS_DONE = "/found|did not/.test(document.querySelector('.search-summary')?.textContent)"


@pytest.fixture(scope="session")
def whole_site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build the site once for all workers, and return its directory; a warning is an error."""
    shared = tmp_path_factory.getbasetemp()
    folder = (shared if worker_id == "master" else shared.parent) / "site"
    sphinx: list[str | Path] = [
        sys.executable,
        "-m",
        "sphinx",
        "-n",
        "-W",
        "--keep-going",
        "-q",
        "-c",
        ROOT,
    ]
    sphinx += ["-d", f"{folder}.doctrees", DOCS, folder]
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            done = subprocess.run(sphinx, check=False, capture_output=True, text=True)
            if done.returncode:
                pytest.fail(done.stderr, pytrace=False)
    return folder


@pytest.fixture(scope="session")
def site(whole_site: Path) -> Path:
    """Return the same directory; modules with small sites have another fixture of this name."""
    return whole_site


@pytest.fixture(scope="session")
def browser(
    whole_site: Path,
    builder: Builder,
    docker: DockerClient,
    run_once: Callable[..., Container],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Browser]:
    """Return a browser in a container that also runs the site's server and the driver."""
    image = builder.build(Path(__file__).with_name("browser.Dockerfile"))
    container = run_once(image, ready="DevTools listening", volumes=[(DRIVER, "/driver", "ro")])
    container.wait_for_log("Serving HTTP")
    docker.copy(f"{whole_site}/.", (container.handle, "/site"))
    node = tmp_path_factory.mktemp("driver") / "node"
    inside = [*map(str, docker.client_config.docker_cmd), "exec", "--interactive"]
    command = shlex.join(
        [*inside, "--env=PW_LANG_NAME", container.handle.id, "node", "/driver/cli.js"]
    )
    node.write_text(
        f'#!/bin/sh\nshift  # the path of cli.js on this machine\nexec {command} "$@"\n'
    )
    node.chmod(0o755)
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node)
    with sync_playwright() as started:
        yield started.chromium.connect_over_cdp(DEBUGGING)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page, given options for the browser's context.

    The URLs that the page requests until it is idle are added to the list `asked`.
    """
    contexts: list[BrowserContext] = []

    def visit(name: str, asked: list[str] | None = None, **options: Any) -> Page:
        contexts.append(browser.new_context(**{"viewport": DESKTOP, **options}))
        page = contexts[-1].new_page()
        if asked is not None:
            page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{SITE}/{name}.html", wait_until="load" if asked is None else "networkidle")
        return page

    yield visit
    for context in contexts:
        context.close()


def missed_by_search(page: Page, expected: dict[str, str]) -> dict[str, list[str]]:
    """Search for each query, and return the results of those that miss their page.

    `expected` is a page's name by query; a query misses its page if three other pages come first.
    """
    missed = {}
    for query, name in expected.items():
        page.goto(f"{SITE}/search.html?q={quote_plus(query)}")
        page.wait_for_function(SEARCH_IS_DONE)
        links = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
        pages = list(dict.fromkeys(urlsplit(link).path[1:].removesuffix(".html") for link in links))
        if name not in pages[:3]:
            missed[query] = pages[:5]
    return missed
