"""The guide as an EPUB, to read without a network: the same pages, without what needs a script.

A page is written as for the site, but as _templates/book.html has it. A link leads to a page of
the book, otherwise to the published site; if the site has no address, only its text is left.
"""

import re
from pathlib import Path
from posixpath import dirname, join, normpath, splitext
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.dom import minidom

from sphinx.builders.epub3 import Epub3Builder

SVG = "http://www.w3.org/2000/svg"
STYLE = "book.css"
COLOR = re.compile(r"var\(.*, *(.*)\)")  # of the site's theme, or the color without it


class BookBuilder(Epub3Builder):
    """Sphinx's builder; the pages of proofs, the scripts and the styles stay on the site."""

    def handle_page(
        self, pagename: str, addctx: dict[str, Any], templatename: str = "book.html", **options: Any
    ) -> None:
        """Write a page, and fail if it is not well-formed."""
        super().handle_page(pagename, addctx, templatename, **options)
        path = self.get_output_path(pagename)
        page = minidom.parse(str(path))  # noqa: S318 -- this build wrote it
        self._adapt(page, pagename)
        path.write_bytes(page.toxml("utf-8"))

    def _adapt(self, page: minidom.Document, name: str) -> None:
        for link in page.getElementsByTagName("a"):
            self._lead(link, name)
        for tag in "form", "script":
            for element in page.getElementsByTagName(tag):
                _remove(element)
        for drawing in page.getElementsByTagName("svg"):
            drawing.setAttribute("xmlns", SVG)
            for box in drawing.getElementsByTagName("rect"):
                if fill := box.getAttribute("fill"):
                    box.setAttribute("fill", COLOR.sub(r"\1", fill))

    def _lead(self, link: minidom.Element, page: str) -> None:
        """Let a link lead into the book or to the site; without an address, a download vanishes."""
        href = urlsplit(link.getAttribute("href"))
        path = normpath(join(dirname(page), href.path))
        name, suffix = splitext(path)
        is_inside = suffix == self.out_suffix and name in self.env.found_docs
        if href.scheme or not href.path or is_inside:
            return
        if address := self.config.html_baseurl:
            path = f"{name}.html" if suffix == self.out_suffix else path
            link.setAttribute("href", urljoin(address, href._replace(path=path).geturl()))
        elif "download" in link.getAttribute("class").split():
            _remove(link)
        else:
            link.removeAttribute("href")

    def gen_pages_from_extensions(self) -> None:
        """Leave out the pages that are no chapter."""

    def copy_html_static_files(self, _context: dict[str, Any]) -> None:
        """Copy the style of the book, and nothing of the site's."""
        style = Path(self.srcdir, "_static", STYLE).read_text("utf-8")
        Path(self.outdir, "_static", STYLE).write_text(style, "utf-8")

    def copy_html_favicon(self) -> None:
        """Leave out the icon."""

    def build_content(self) -> None:
        """Tell readers which pages contain drawings, as the format demands."""
        super().build_content()
        package = Path(self.outdir, "content.opf")
        text = package.read_text("utf-8")
        for page in (file for file in self.files if file.endswith(self.out_suffix)):
            if "<svg" in Path(self.outdir, page).read_text("utf-8"):
                text = text.replace(f'href="{page}"', f'href="{page}" properties="svg"')
        package.write_text(text, "utf-8")


def _remove(element: minidom.Element) -> None:
    if element.parentNode:
        element.parentNode.removeChild(element)
