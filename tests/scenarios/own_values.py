"""The reader's own values, entered in a browser, and what the files are with them."""

import re
from collections.abc import Iterator

from playwright.sync_api import Locator, Page

from guide.values import declared

FIELDS = {one["name"]: one for one in declared()}
PLACES = re.compile("|".join(f"(?P<{name}>{one['places']})" for name, one in FIELDS.items()))
OWN = {
    "module": "shop_site",
    "project": "bakery",
    "python": "3.13",
    "domain": "www.bakery.org",
    "port": "8123",
    "image": "ghcr.io/you/bakery",
}
# What a page shows, what it showed before, and what its Download links lead to.
READ = """async () => {
  const textOf = async (url) => (await fetch(url)).text();
  const original = new DOMParser().parseFromString(await textOf(location.pathname), "text/html");
  const blocks = (page) => [...page.querySelectorAll(".literal-block-wrapper pre")]
    .map((pre) => pre.textContent);
  const links = (page) => [...page.querySelectorAll(".literal-block-wrapper a.download")];
  const files = (page) =>
    Promise.all(links(page).map((link) => textOf(link.getAttribute("href"))));
  return {blocks: [blocks(original), blocks(document)],
          files: [await files(original), await files(document)]};
}"""
TEXT_OF_CLIPBOARD = "navigator.clipboard.readText()"


def replaced(text: str, values: dict[str, str]) -> str:
    """Return a text with a reader's values."""
    return PLACES.sub(lambda found: values.get(found.lastgroup, found[0]), text)


def enter(page: Page, **values: str) -> None:
    """Enter values in the dialog of the first block that has it, and use them."""
    page.locator("button.values").first.click()
    for name, value in values.items():
        page.locator(f"#value-{name}").fill(value)
    page.get_by_role("button", name="Use these values").click()


def pages_with_values(site) -> Iterator[str]:
    """Yield the pages that have the dialog."""
    for path in sorted(site.rglob("*.html")):
        if 'id="your-values"' in path.read_text():
            yield path.relative_to(site).with_suffix("").as_posix()


def copied(page: Page, block: Locator) -> str:
    """Return what a block's button copies."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('not copied')")
    block.locator("button.copybtn").click()
    page.wait_for_function(f"{TEXT_OF_CLIPBOARD}.then(text => text != 'not copied')")
    return page.evaluate(TEXT_OF_CLIPBOARD)
