"""Published addresses stay: a register of them, a check in each build, and the redirects."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.logging import getLogger

warn = getLogger(__name__).warning
REGISTER, REDIRECTS = "_data/anchors.txt", "_data/redirects.txt"


def redirects(app: Sphinx) -> dict[str, str]:
    """Return the new address of each old one."""
    lines = (Path(app.srcdir) / REDIRECTS).read_text("utf-8").splitlines()
    pairs = (line.split() for line in lines)
    return {pair[0]: pair[1] for pair in pairs}


def left(app: Sphinx, page: str) -> dict[str, str]:
    """Return the new address of each anchor that a page had."""
    pairs = ((old.partition(".html"), new) for old, new in redirects(app).items())
    return {anchor: new for (name, _, anchor), new in pairs if name == page and anchor}


def addresses(app: Sphinx) -> set[str]:
    """Return the addresses of this build: its pages, and the names in them."""
    pages = app.env.found_docs
    labels = app.env.domains.standard_domain.anonlabels.values()
    there = {f"{page}.html#{name}" for page, name in labels if page in pages}
    return there | {f"{page}.html" for page in pages}


def known(app: Sphinx) -> set[str]:
    """Return the addresses that were published."""
    return set((Path(app.srcdir) / REGISTER).read_text("utf-8").splitlines())


def record(app: Sphinx, *_: object) -> None:
    """Add this build's addresses to the register, if the build is told to."""
    if app.config.anchors_record:
        lines = "".join(f"{address}\n" for address in sorted(known(app) | addresses(app)))
        (Path(app.srcdir) / REGISTER).write_text(lines, "utf-8")


def check(app: Sphinx, *_: object) -> None:
    """Hold what the pages have against the register and the redirects."""
    there, moved = addresses(app), redirects(app)
    for address in sorted(known(app) - there - moved.keys()):
        page, mark, name = address.partition("#")
        if moved.get(page, "") + mark + name not in there:
            warn("%s is gone: give it a redirect in docs/%s.", address, REDIRECTS)
    for old, new in moved.items():
        if old in there:
            warn("%s is not gone: take it out of docs/%s.", old, REDIRECTS)
        if new not in there:
            warn("%s is redirected to %s, which does not exist.", old, new)


def stubs(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    """Leave something behind at the address of each page that moved, and of its proofs."""
    moved = redirects(app).items()
    pages = [(old.removesuffix(".html"), new) for old, new in moved if "#" not in old]
    proofs = [(f"proofs/{old}", f"proofs/{new}") for old, new in pages]
    return [(old, {"target": new}, "redirect.html") for old, new in pages + proofs]
