"""Published addresses stay: a register of them, a check in each build, and the redirects."""

from sphinx.application import Sphinx
from sphinx.util.logging import getLogger

warn = getLogger(__name__).warning


def check(app: Sphinx, *_: object) -> None:
    """Hold what the pages have against the register and the redirects."""
    labels = app.env.domains.standard_domain.anonlabels.values()
    there = {f"{page}.html#{name}" for page, name in labels if page in app.env.found_docs}
    there |= {f"{page}.html" for page in app.env.found_docs}
    register, redirects = app.srcdir / "_data/anchors.txt", app.srcdir / "_data/redirects.txt"
    known = set(register.read_text("utf-8").splitlines())
    if app.config.anchors_record:
        register.write_text("".join(f"{a}\n" for a in sorted(known | there)), "utf-8")
    moved = app.env.moved = dict(map(str.split, redirects.read_text("utf-8").splitlines()))
    for address in sorted(known - there - moved.keys()):
        page, mark, name = address.partition("#")
        if moved.get(page, "") + mark + name not in there:
            warn("%s is gone: give it a redirect in docs/_data/redirects.txt.", address)
    for old, new in moved.items():
        if old in there:
            warn("%s is not gone: take it out of docs/_data/redirects.txt.", old)
        if new not in there:
            warn("%s is redirected to %s, which does not exist.", old, new)


def stubs(app: Sphinx) -> list[tuple[str, dict, str]]:
    """Leave something behind at the address of each page that moved."""
    pages = [(a.removesuffix(".html"), b) for a, b in app.env.moved.items() if "#" not in a]
    return [(old, {"target": new}, "redirect.html") for old, new in pages]
