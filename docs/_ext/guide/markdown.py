"""A Markdown twin of each page for machines, with its files in it, and llms.txt, which lists them.

A twin is made from the page as Sphinx has resolved it, so that no directive or role is left.
"""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment

from guide import claims
from guide.late import PARTS, Late
from guide.proofs import mark
from guide.sentences import Tick
from guide.snippets import Download

INVISIBLE = (nodes.Invisible, nodes.meta, addnodes.index, addnodes.toctree, Download)
PAGE = re.compile(r"^(?!\w+:)(?!.*\b(?:proofs|uses)/)([^#?]+)\.html(?:#.*)?$")
DESCRIPTION = re.compile(r"\A---\n(?:.*\n)*? +description: (.*)\n")


class Table(HTMLParser):
    """Markdown of the HTML that this guide's own directives make: tables, lists, paragraphs."""

    def __init__(self, html: str) -> None:
        """Read it."""
        super().__init__()
        self.blocks: list[str] = []
        self.rows: list[list[str]] = []
        self.row: list[str] = []
        self.text, self.drawings = "", 0
        self.feed(html)
        self._end()

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        """Note where code, a row, a drawing or a form begins."""
        self.drawings += tag in {"svg", "form"}
        if tag == "code":
            self.text += "`"
        elif tag == "tr":
            self.row = []
        elif tag in {"ul", "table", "dd"}:
            self._end()

    def handle_data(self, data: str) -> None:
        """Keep all text but that of drawings and forms."""
        self.text += "" if self.drawings else data

    def handle_endtag(self, tag: str) -> None:
        """Finish what ends."""
        self.drawings -= tag in {"svg", "form"}
        if tag == "code":
            self.text += "`"
        elif tag in {"td", "th"}:
            self.row.append(_in_a_cell(self.text))
            self.text = ""
        elif tag == "tr":
            self.rows.append(self.row)
        elif tag == "table":
            self.blocks.append(_table(self.rows))
            self.rows, self.text = [], ""
        elif tag in {"p", "h3", "li", "dt", "dd", "figcaption", "ul"}:
            self._end({"h3": "### ", "li": "- "}.get(tag, ""))

    def _end(self, before: str = "") -> None:
        words = " ".join(self.text.split())
        if words:
            self.blocks.append(before + words)
        self.text = ""


class Twin:
    """The Markdown of one page."""

    def __init__(self, builder: StandaloneHTMLBuilder, page: str) -> None:
        """Prepare to write a page."""
        self.builder, self.page = builder, page
        self.evidence = claims.of(builder.env).evidence
        self.writers: list[tuple[Any, Callable[[Any, int], Iterator[str]]]] = [
            (nodes.title, self._title),
            (nodes.literal_block, self._code),
            (nodes.table, self._table),
            (nodes.bullet_list, self._list),
            (nodes.enumerated_list, self._list),
            (nodes.definition_list_item, self._definition),
            (nodes.Admonition, self._quote),
            (nodes.block_quote, self._quote),
            (nodes.raw, self._raw),
            (Late, self._late),
            (nodes.caption, self._caption),
            (nodes.TextElement, self._paragraph),
            (nodes.image, self._image),
        ]

    def blocks(self, node: nodes.Element, level: int = 0) -> Iterator[str]:
        """Yield the blocks of a piece of the page; `level` is that of its headings."""
        for child in node.children:
            if isinstance(child, INVISIBLE):
                continue
            for kind, write in self.writers:
                if isinstance(child, kind):
                    yield from write(child, level)
                    break
            else:
                if isinstance(child, nodes.Element):
                    yield from self.blocks(child, level + isinstance(child, nodes.section))

    def words(self, node: nodes.Node) -> str:
        """Return the text of an inline node, with its marks."""
        if isinstance(node, (*INVISIBLE, nodes.raw)):
            return ""
        if isinstance(node, Tick):
            name = node["name"]
            return f" {mark(self.evidence.proof(node['page'], name), name).sign}"
        if isinstance(node, nodes.Text | nodes.literal):
            return _code(node.astext()) if isinstance(node, nodes.literal) else node.astext()
        text = "".join(map(self.words, node.children))
        if isinstance(node, nodes.reference):
            return _link(text, node.get("refuri", "#"))
        sign = {"strong": "**", "emphasis": "*"}.get(getattr(node, "tagname", ""), "")
        return f"{sign}{text}{sign}"

    def _title(self, node: nodes.title, level: int) -> Iterator[str]:
        yield f"{'#' * max(level, 1)} {self.words(node)}"

    def _paragraph(self, node: nodes.TextElement, _level: int) -> Iterator[str]:
        if text := "".join(map(self.words, node.children)).strip():
            yield text

    def _caption(self, node: nodes.caption, _level: int) -> Iterator[str]:
        name = _code(node.children[0].astext()) if node.children else ""
        links = [child["href"] for child in node.children if isinstance(child, Download)]
        yield f"[{name}]({links[0]}):" if links else f"{name}:"

    def _code(self, node: nodes.literal_block, _level: int) -> Iterator[str]:
        text = node.astext().rstrip("\n")
        ticks = max([2, *map(len, re.findall("`+", text))]) + 1
        yield f"{'`' * ticks}{node.get('language', '')}\n{text}\n{'`' * ticks}"

    def _table(self, node: nodes.table, _level: int) -> Iterator[str]:
        rows = []
        for row in node.findall(nodes.row):
            cells = [" ".join(self.blocks(entry)) for entry in row.findall(nodes.entry)]
            rows.append([_in_a_cell(cell) for cell in cells])
        yield _table(rows)

    def _list(self, node: nodes.Element, level: int) -> Iterator[str]:
        yield "\n".join(self._items(node, level))

    def _items(self, node: nodes.Element, level: int) -> Iterator[str]:
        numbered = isinstance(node, nodes.enumerated_list)
        for number, item in enumerate(node.children, 1):
            sign = f"{number}. " if numbered else "- "
            text = "\n\n".join(self.blocks(cast("nodes.Element", item), level))
            yield sign + _indented(text, " " * len(sign)).lstrip()

    def _definition(self, node: nodes.definition_list_item, level: int) -> Iterator[str]:
        terms = [self.words(child) for child in node.children if isinstance(child, nodes.term)]
        [definition] = node.findall(nodes.definition)
        text = "\n\n".join(self.blocks(definition, level))
        yield f"- **{', '.join(terms)}**: {_indented(text, '  ').lstrip()}"

    def _quote(self, node: nodes.Element, level: int) -> Iterator[str]:
        name = "" if node.tagname == "block_quote" else f"**{node.tagname.capitalize()}:** "
        body = nodes.container("", *(n.deepcopy() for n in node if not isinstance(n, nodes.title)))
        yield _indented(name + "\n\n".join(self.blocks(body, level)), "> ", blank=">")

    def _image(self, node: nodes.image, _level: int) -> Iterator[str]:
        if text := node.get("alt", ""):
            yield f"*{text}*"

    def _raw(self, node: nodes.raw, _level: int) -> Iterator[str]:
        yield from Table(node.astext()).blocks

    def _late(self, node: Late, _level: int) -> Iterator[str]:
        yield from Table(PARTS[node["part"]](self.builder, self.page)).blocks


def _link(text: str, address: str) -> str:
    """Return a link; that to a page leads to its twin, and one inside a page has no target."""
    target = PAGE.sub(r"\1.md", address)
    return text if target.startswith("#") else f"[{text}]({target})"


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _in_a_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _indented(text: str, before: str, blank: str = "") -> str:
    return "\n".join(before + line if line else blank for line in text.split("\n"))


def _table(rows: list[list[str]]) -> str:
    """Return a table, whose first row is its head."""
    if not rows:
        return ""
    head, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|---" * len(rows[0]) + "|", *others])


def write(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Write the twin of a page with it."""
    if tree is None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    context["has_twin"] = True
    target = Path(app.outdir) / f"{page}.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(block for block in Twin(app.builder, page).blocks(tree) if block)
    target.write_text(f"{text}\n", "utf-8")


def index(app: Sphinx, error: Exception | None) -> None:
    """Write llms.txt: what the guide is, and each page with its description."""
    if error or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    env, root = app.env, app.config.root_doc
    parts = [f"# {app.config.project}", f"> {_description(env, root)}", ABOUT]
    for tree in env.get_doctree(root).findall(addnodes.toctree):
        names = [page for _, page in tree["entries"]]
        items = [_item(env, name) for page in names for name in (page, *_below(env, page))]
        parts.append(f"## {tree['caption'] or 'Pages'}\n\n" + "\n".join(items))
    (Path(app.outdir) / "llms.txt").write_text("\n\n".join(parts) + "\n", "utf-8")


ABOUT = """\
Every page is here as Markdown, with the files that it shows: the address ends in .md, not in .html.
A ✓ after a sentence means that a test proved it in this build, a ○ that the test was not run."""


def _below(env: BuildEnvironment, page: str) -> list[str]:
    return env.toctree_includes.get(page, [])


def _item(env: BuildEnvironment, page: str) -> str:
    about = _description(env, page)
    return f"- [{env.titles[page].astext()}]({page}.md)" + (f": {about}" if about else "")


def _description(env: BuildEnvironment, page: str) -> str:
    found = DESCRIPTION.match(Path(env.doc2path(page)).read_text("utf-8"))
    return found[1] if found else ""
