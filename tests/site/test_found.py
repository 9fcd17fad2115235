"""What helps readers to find their way: search, lost addresses, entries, pages of proofs."""

import gzip
import re
from urllib.parse import urlsplit

import pytest

from harness.browser import PHONE, SEARCH_IS_DONE, SITE, missed_by_search

LIGHT = 50_000  # bytes of a first view as a server sends them, compressed
LINE = "[2026-11-21 15:00:21 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:8)"
NOT_ALL_WORDS = {  # no three pages have all of these words
    "django docker no static files css broken": "troubleshooting/static-files-404",
    "cloudflare real ip address": "client-ip",
    "gunicorn multiple containers thin or fat": "replicas",
    "letsencrypt certbot nginx": "tls",
}


def test_search_relaxes_its_rule(visit):
    """Without a page that has all words, the right one is still among the first three."""
    assert missed_by_search(visit("search"), NOT_ALL_WORDS) == {}


def test_search_page_has_a_field_on_a_phone(visit):
    """It shows what was searched for, and searches again."""
    page = visit("search", viewport=PHONE)
    page.goto(f"{SITE}/search.html?q=sigterm")
    field = page.get_by_label("Search the guide")

    assert field.input_value() == "sigterm"
    field.fill("worker timeout")
    field.press("Enter")
    page.wait_for_function(SEARCH_IS_DONE)
    assert "q=worker+timeout" in page.url


def test_lost_address_offers_the_box(visit):
    """A pasted line finds its entry on the page of the box, and is in no address."""
    page = visit("404")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#pasted").fill(LINE)
    page.wait_for_url("**/troubleshooting.html*")
    page.wait_for_function("document.querySelector('#filter output').innerText.includes('match')")

    first = page.locator("#filter li a").first
    assert first.get_attribute("href").startswith("troubleshooting/worker-timeout.html")
    assert [url for url in asked if "TIMEOUT" in url] == []


def test_box_is_part_of_the_page(visit):
    """No script inserts it, so that nothing moves; without a script it is not shown."""
    page = visit("troubleshooting", java_script_enabled=False)

    assert page.locator("article #filter").count() == 1
    assert not page.locator("#filter").is_visible()


def test_entry_leads_up(visit):
    """Above its title is the way to the box, and below it no other entry that means nothing."""
    page = visit("troubleshooting/worker-timeout")
    up = page.locator("article a").first

    assert up.bounding_box()["y"] < page.locator("h1").bounding_box()["y"]
    assert page.locator(".related-pages a").count() == 0
    up.click()
    assert page.url.endswith("/troubleshooting.html")
    assert page.locator("#pasted").is_visible()


def test_tick_leads_to_an_open_test(visit):
    """Of all tests on the page, the source of this one is open; a list of all is at the top."""
    page = visit("signals")
    page.locator("a.proof").nth(3).click()
    name = urlsplit(page.url).fragment

    opened = page.locator("details[open]")
    assert opened.count() == 1
    assert page.locator(f"[id='{name}'] details[open] pre").is_visible()
    names = page.locator(".proof-of").evaluate_all("all => all.map(e => `#${e.id}`)")
    links = page.locator(".sentences a").evaluate_all("all => all.map(a => a.hash)")
    assert links == names


def test_proofs_are_compact(visit):
    """A proof takes no more than half of a small screen."""
    page = visit("proofs/signals")
    heights = page.locator(".proof-of").evaluate_all("all => all.map(e => e.offsetHeight)")

    assert sum(heights) / len(heights) < 360


@pytest.mark.parametrize(
    "name", ["index", "start", "dockerfile", "worker-class", "troubleshooting", "proofs/signals"]
)
def test_first_view_is_light(visit, site, name):
    """All files of a first visit together."""
    asked = []
    visit(name, asked)
    paths = {urlsplit(url).path[1:] for url in asked if url.startswith(SITE)}
    sizes = {path: len(gzip.compress((site / path).read_bytes())) for path in paths}

    assert any(re.search(r"\.css$", path) for path in paths)
    assert sum(sizes.values()) < LIGHT, sizes
