"""The site's own address, if it is set: the sitemap, and the page for lost addresses."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from guide import claims

LOST = "404"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
RELATIVE = re.compile(r'(?<= )(href|src|action|data-content_root)="(?![#/]|[a-z]+:)([^"]*)"')


def pages(_app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Make the page for lost addresses."""
    yield LOST, {"title": "Page not found"}, "404.html"


def finish(app: Sphinx, error: Exception | None) -> None:
    """Write the sitemap, and let the links of the page for lost addresses work from anywhere."""
    if error or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    address, folder = app.config.html_baseurl, Path(app.outdir)
    root = urljoin("/", urlsplit(address).path)
    lost = folder / f"{LOST}.html"
    text = RELATIVE.sub(lambda m: f'{m[1]}="{urljoin(root, m[2])}"', lost.read_text("utf-8"))
    lost.write_text(text, "utf-8")
    if address:
        (folder / "sitemap.xml").write_bytes(_sitemap(app, address))


def _sitemap(app: Sphinx, address: str) -> bytes:
    """List the pages, and those of their proofs."""
    proved = claims.of(app.env).evidence.tests.keys() & app.env.found_docs
    names = sorted(app.env.found_docs) + sorted(f"proofs/{page}" for page in proved)
    sitemap = ET.Element("urlset", xmlns=NAMESPACE)
    for name in names:
        ET.SubElement(ET.SubElement(sitemap, "url"), "loc").text = urljoin(address, f"{name}.html")
    return bytes(ET.tostring(sitemap, "utf-8", xml_declaration=True))
