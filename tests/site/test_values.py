"""Checks of the reader's own values: what is replaced, refused and forgotten."""

import re
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe

from harness import SNIPPETS
from harness.browser import PHONE
from scenarios.own_values import FIELDS, OWN, enter, replaced

BLOCKS = ".literal-block-wrapper pre"
# In other places, the word is not the reader's.
NOT_THE_READERS = re.compile(
    r"(django|pythonjsonlogger)\.core\b|/python3\.14/|@example\.com|cron\.d/shop"
)
NAMES = re.compile(
    r"\bcore(?:_note)?\b|python:3\.14|(?<!\.)\b(?:shop\.example|example\.com)|registry\.example\b"
)
# Where a project has a directory, a unit or a Secret; elsewhere, `shop` is a path or a package.
OF_A_SERVER = ("backups", "kubernetes", "quadlet", "scheduled-jobs", "systemd")
HOSTILE = ['a"b', "a\nb", "$(id)", "a b", "a;b", "<i>", "a" * 101]
WRONG = {
    "module": ["class", "django", "core.wsgi", "2shop", "my-site", "shop/../x"],
    "project": ["Shop", "web_shop", "-shop", "shop-", "2shop", "root", "a" * 32],
    "python": ["3", "3.14.1", "2.7", "3.14-alpine"],
    "domain": ["https://shop.org", "shop.org:443", "localhost", "*.shop.org", "a,b.org", "-a.org"],
    "port": ["0", "65536", "080", "-1", "http"],
    "image": ["shop", "ghcr.io/you/shop:1", "GHCR.io/x", "ghcr.io//x", "ghcr.io/x@sha256:0"],
}


def texts(page):
    """Return the texts of all blocks."""
    return page.locator(BLOCKS).all_text_contents()


def test_no_name_is_forgotten():
    """In the snippets, every name is replaced, apart from those of other packages and of Python."""
    left = set()
    for path in SNIPPETS.rglob("*"):
        if path.is_file():
            text = NOT_THE_READERS.sub("", replaced(path.read_text(), OWN))
            left |= {(path.name, name) for name in NAMES.findall(text)}
            if path.relative_to(SNIPPETS).parts[0] in OF_A_SERVER:
                left |= {(path.name, name) for name in re.findall(r"\bshop\b", text)}

    assert left == set()


def test_values_are_marked_and_one_click_shows_the_originals(visit):
    """They outlive a reload, a marked word says what it replaces, and a reset forgets them."""
    page = visit("start", viewport=PHONE)
    original = texts(page)
    assert page.locator(".own-value, .values-in-use").count() == 0

    enter(page, **OWN)
    page.reload()
    changed = texts(page)
    marked = page.locator("pre .own-value", has_text=OWN["module"]).first
    assert changed == [replaced(text, OWN) for text in original] != original
    assert marked.get_attribute("title") == "core in the original"
    assert page.locator("code.yours").all_inner_texts() == [
        "shop_site",
        "shop_site",
        "django-admin startproject shop_site .",
        "shop_site/settings.py",
        "http://127.0.0.1:8123/admin/",
    ]
    assert "SHA256SUMS" in page.locator(".values-in-use").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.evaluate(
        "scrollTo(0, 0)"
    )  # the theme's "Back to top", which a scroll shows, is in no region
    page.wait_for_function("!document.querySelector('.show-back-to-top')")
    assert violations(page) == []

    page.locator(".values-in-use").get_by_role("button", name="Show the originals").click()
    assert texts(page) == original
    assert page.locator(".own-value, .values-in-use").count() == 0
    page.reload()
    assert texts(page) == original


def test_files_have_the_name_of_the_project(visit):
    """The caption, the name of the saved file and the sentence about it follow the project."""
    page = visit("systemd")
    enter(page, project="bakery")
    block = page.locator(".literal-block-wrapper", has_text="StateDirectory=").first

    caption = block.locator(".caption-text").inner_text().splitlines()[0]
    assert caption == "/etc/systemd/system/bakery.service"
    with page.expect_download() as download:
        block.locator("a.download").click()
    assert download.value.suggested_filename == "bakery.service"
    assert page.locator("code.yours").first.inner_text() == "/srv/bakery"
    assert "shop" not in "".join(page.locator("code.yours").all_inner_texts())


def test_without_a_script_the_original_is_shown(visit):
    """No button and no dialog is shown that would do nothing."""
    page = visit("start", java_script_enabled=False)

    assert page.locator("button.values, .values-in-use").count() == 0
    assert not page.locator("#your-values").is_visible()
    assert "core.wsgi" in "".join(texts(page))


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_dialog_is_accessible_and_fits(visit, color_scheme):
    """On a phone, axe finds no violation, even while a value is refused."""
    page = visit("dockerfile", viewport=PHONE, color_scheme=color_scheme)
    enter(page, module="my-site")

    box = page.locator("#your-values").bounding_box()
    assert violations(page) == []
    assert box["width"] <= PHONE["width"]
    assert page.evaluate("document.activeElement.name") == "module"
    assert page.locator("#value-module").get_attribute("aria-invalid") == "true"


def test_hostile_values_are_refused_with_a_line(visit):
    """Typed, stored or in an address: one line says what is allowed, and no block changes."""
    page = visit("start")
    original = texts(page)
    accepted = []
    for name, field in FIELDS.items():
        for value in HOSTILE + WRONG[name]:
            page.evaluate(
                "hash => { location.hash = hash }", "#your-values?" + urlencode({name: value})
            )
            page.wait_for_function("document.querySelector('#your-values').open")
            if page.locator(f"#refused-{name}").inner_text() != field["refused"]:
                accepted.append((name, value))
            page.get_by_role("button", name="Use these values").click()
            if not page.locator("#your-values").is_visible() or texts(page) != original:
                accepted.append((name, value))
                page.reload()
            else:
                page.get_by_role("button", name="Cancel").click()

    assert accepted == []
    page.evaluate("localStorage.setItem('your-values', JSON.stringify({module: '<b>', port: 1}))")
    page.reload()
    assert texts(page) == original
    page.evaluate("localStorage.setItem('your-values', '[broken')")
    page.reload()
    assert texts(page) == original


def violations(page):
    """Return the axe rules that a page violates, each with the first element that does."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=options).response["violations"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found]
