"""What holds for tables, paper and headings: on any screen, a reader sees what they came for."""

import re

import pytest

from harness.browser import DESKTOP, PHONE, SITE

COLOR_OF = "element => getComputedStyle(element).backgroundColor"


@pytest.mark.parametrize(
    "name", ["outdated-advice", "troubleshooting/exit-codes", "platforms", "own-settings"]
)
def test_table_keeps_its_answer_on_a_phone(visit, name):
    """Every cell of every table is inside the screen, and begins with the name of its column."""
    page = visit(name, viewport=PHONE)
    cells = page.locator("article td[data-column]").all()

    assert len(cells) > 5
    for cell in cells:
        box = cell.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    heads = page.locator("article thead").first.locator("th").all_text_contents()
    assert cells[0].get_attribute("data-column") == heads[1]
    assert not page.locator("article thead").first.is_visible()


def test_highlight_is_the_sentence(visit):
    """A link to a sentence highlights it and not the rest of its paragraph, below the header."""
    page = visit("signals", viewport=PHONE)
    claim = page.locator("p:has(.claim + .claim) .claim").nth(1)
    name = claim.locator("a.proof").get_attribute("id")
    page.goto(f"{page.url}#{name}")
    marked = page.locator(".claim").evaluate_all(
        "(all, plain) => all.filter(e => getComputedStyle(e).backgroundColor !== plain)"
        ".map(e => e.querySelector('a.proof').id)",
        page.locator("article").evaluate(COLOR_OF),
    )

    assert marked == [name]
    assert claim.bounding_box()["y"] > page.locator("header").bounding_box()["height"]


def test_paper_has_the_date_and_nothing_to_click(visit):
    """In print, the stamp is there, and neither a button nor a link to download."""
    page = visit("compose")
    page.emulate_media(media="print")

    assert page.locator(".stamp p", has_text="roof").first.is_visible()
    for gone in "a.download", "button.copybtn", "a.proof", ".content > footer":
        assert page.locator(gone).count()
        assert not page.locator(gone).first.is_visible()


def test_long_file_begins_on_the_first_sheet(visit):
    """The PDF has no sheet that is empty but for the file's caption."""
    page = visit("compose")
    page.emulate_media(media="print")

    assert page.locator("pre").first.evaluate("pre => getComputedStyle(pre).breakInside") == "auto"
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= 5


def test_search_field_shows_its_focus(visit):
    """The ring of the search field is a solid line; the field itself has no outline."""
    page = visit("signals", viewport=DESKTOP)
    page.locator(".sidebar-search").focus()

    style = page.locator(".sidebar-search-container").evaluate("e => getComputedStyle(e).outline")
    assert "solid 2px" in style


NARROW = {"width": 320, "height": 640}  # WCAG 1.4.10
ZOOMED = {"width": DESKTOP["width"] // 2, "height": DESKTOP["height"] // 2}  # 200 % on a desktop
MIXED = ["index", "dependencies", "own-copy", "troubleshooting", "proofs", "claims", "404"]


def test_pages_fit_a_narrow_and_a_zoomed_window(visit):
    """At 320 pixels and at 200 %, no page scrolls sideways, and its heading is inside the window.

    A browser zooms by laying the page out in a window of half the size.
    """
    wide = []
    for viewport in NARROW, ZOOMED:
        page = visit("index", viewport=viewport)
        for name in MIXED:
            page.goto(f"{SITE}/{name}.html", wait_until="load")
            heading = page.locator("article h1").bounding_box()
            if page.evaluate("document.documentElement.scrollWidth") > viewport["width"]:
                wide.append((name, viewport["width"]))
            assert heading["x"] + heading["width"] <= viewport["width"]

    assert wide == []


def test_page_works_with_the_keyboard(visit):
    """The first Tab reaches the link to the content; from there, one block copies with Enter."""
    page = visit("dockerfile")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to content"
    page.keyboard.press("Enter")

    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.evaluate("e => e.matches(':focus-visible')")
        if "copybtn" in (focused.get_attribute("class") or ""):
            break
    page.keyboard.press("Enter")
    page.wait_for_function("navigator.clipboard.readText().then(text => text.includes('FROM '))")


def test_page_reads_without_a_script(visit):
    """Text, files, ticks and navigation are there; what needs a script is hidden."""
    page = visit("dockerfile", java_script_enabled=False)
    assert page.locator("pre", has_text="FROM python").first.is_visible()
    assert page.locator("a.download").first.is_visible()
    assert page.locator("article a.proof").first.is_visible()
    assert page.locator(".sidebar-tree a").first.is_visible()
    assert not page.locator(".theme-toggle-content").is_visible()

    page.goto(f"{SITE}/troubleshooting.html")
    assert not page.locator("#filter").is_visible()
    assert page.locator("article li a.reference").first.is_visible()
    page.goto(f"{SITE}/claims.html")
    assert not page.locator("#claims").is_visible()
    assert page.locator("noscript p").is_visible()
