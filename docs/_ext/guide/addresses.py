"""The site's own address, if it is set: the sitemap, lost addresses, links to published files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

from docutils import nodes
from docutils.parsers.rst.states import Inliner
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.writers.html5 import HTML5Translator

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


class Published(nodes.Inline, nodes.TextElement):
    """The name of a file that only the published site has."""


def role(
    _name: str, source: str, text: str, _line: int, _inliner: Inliner, *_: object
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Return a link to a file that .ci/run adds to the site."""
    return [Published(source, "", nodes.literal(text, text))], []


def visit(translator: HTML5Translator, node: Published) -> None:
    """Write the link, or only the name if the site has no address."""
    address = translator.builder.config.html_baseurl
    link: dict[str, Any] = {"href": urljoin(address, node.astext())} if address else {}
    translator.body.append(translator.starttag(node, "a", "", **link))


def depart(translator: HTML5Translator, _node: Published) -> None:
    """Close it."""
    translator.body.append("</a>")
