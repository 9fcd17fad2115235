"""Tables on a phone: each cell knows its column, so that a row can be read as a block."""

from typing import Any

from docutils import nodes
from sphinx.writers.html5 import HTML5Translator


def visit_cell(translator: HTML5Translator, node: nodes.entry) -> None:
    """Open a cell; all but the first of a row have the name of their column."""
    row: Any = node.parent  # docutils counts its columns while it writes them
    column = row.column
    HTML5Translator.visit_entry(translator, node)
    names = _names(node)
    if column and names and not isinstance(node.parent.parent, nodes.thead):
        name = translator.attval(names[column])
        tag = translator.body.pop().replace("<td", f'<td data-column="{name}"', 1)
        translator.body.append(tag)


def depart_cell(translator: HTML5Translator, node: nodes.entry) -> None:
    """Close it."""
    HTML5Translator.depart_entry(translator, node)


def _names(cell: nodes.entry) -> list[str]:
    """Return the heads of the columns."""
    group: Any = cell.parent.parent.parent
    return [entry.astext() for head in group.findall(nodes.thead) for entry in head[0]]
