"""The reader's own values: which names a page lets its reader replace; a script replaces them."""

import keyword
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst.states import Inliner
from sphinx.application import Sphinx

DATA = Path(__file__).parent.parent.parent / "_data/values.toml"
LONGEST = 100  # characters of a value


@cache
def declared() -> list[dict[str, Any]]:
    """Return what values.toml declares; reserved words are part of what is allowed."""
    table = tomllib.loads(DATA.read_text("utf-8"))
    return [{"name": name, **value, "allowed": _allowed(value)} for name, value in table.items()]


def _allowed(value: dict[str, Any]) -> str:
    """Return the pattern of what is allowed, but not reserved."""
    if "reserved" not in value:
        return str(value["allowed"])
    return f"(?!(?:{'|'.join(keyword.kwlist + value['reserved'])})$)(?:{value['allowed']})"


def role(
    _name: str, source: str, text: str, _line: int, _inliner: Inliner, *_: object
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Return code in a sentence in which the reader's values replace the guide's, too."""
    return [nodes.literal(source, text, classes=["yours"])], []


def share(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Give a page the dialog if one of its blocks has a name to replace."""
    blocks = tree.findall(nodes.literal_block) if tree else ()
    places = re.compile("|".join(one["places"] for one in declared()))
    if any(places.search(block.astext()) for block in blocks):
        context["values"], context["longest_value"] = declared(), LONGEST
