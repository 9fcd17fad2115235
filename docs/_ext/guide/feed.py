"""An Atom feed of the changelog: an entry for each of its dates, written with the page."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util.logging import getLogger

from guide import addresses, templates

warn = getLogger(__name__).warning
PAGE, FEED, DATE = "changelog", "changelog.atom", "%B %d, %Y"  # such as November 29, 2026


def write(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Let each page name the feed; write it when the changelog is written."""
    address = app.config.html_baseurl
    context["feed"] = FEED if address and PAGE in app.env.found_docs else ""
    if page != PAGE or tree is None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    found = [_entry(app.builder, section) for section in _dated(tree)]
    entries = [entry for entry in found if entry]
    if address and entries:
        about = {"title": f"{app.config.project}: changelog", "project": app.config.project}
        text = templates.render(FEED, address=address, page=PAGE, entries=entries, **about)
        (Path(app.outdir) / FEED).write_text(text, "utf-8")


def _dated(tree: nodes.document) -> list[nodes.section]:
    """Return the sections below the page's own."""
    return [part for part in tree.findall(nodes.section) if isinstance(part.parent, nodes.section)]


def _entry(builder: StandaloneHTMLBuilder, section: nodes.section) -> dict[str, str]:
    """Return what the feed says of one date."""
    title, *body = section.children
    try:
        date = datetime.strptime(title.astext(), DATE).replace(tzinfo=UTC)
    except ValueError:
        warn("%s is no date such as November 29, 2026.", title.astext(), location=section)
        return {}
    part = nodes.container("", *(node.deepcopy() for node in body))
    html = str(builder.render_partial(part)["fragment"])
    address = builder.config.html_baseurl
    absolute = addresses.RELATIVE.sub(lambda m: f'{m[1]}="{urljoin(address, m[2])}"', html)
    return {
        "title": title.astext(),
        "anchor": section["ids"][0],
        "date": date.isoformat(),
        "html": absolute,
    }
