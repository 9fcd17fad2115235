"""Parts of a page that depend on the results of the tests: rendered when the page is written.

Reading a page must not depend on them, or each run of the tests would have all pages read again.
"""

from collections.abc import Callable
from typing import ClassVar

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

Render = Callable[[StandaloneHTMLBuilder, str], str]


class Late(nodes.General, nodes.Element):
    """The place of such a part."""


class LateDirective(SphinxDirective):
    """Leave a place for the part that a subclass renders, given the builder and the page."""

    part: ClassVar[str]

    def run(self) -> list[nodes.Node]:
        """Return the place."""
        return [Late(part=self.part)]


PARTS: dict[str, Render] = {}  # by name; each module adds its own


def visit(translator: HTML5Translator, node: Late) -> None:
    """Render the part."""
    builder = translator.builder
    translator.body.append(PARTS[node["part"]](builder, builder.current_docname))
    raise nodes.SkipNode
