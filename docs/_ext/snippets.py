"""What a snippet's name says: its caption, its language, its anchor, and where to download it."""

import re
import shutil
from pathlib import Path

from docutils import nodes
from pygments.lexers import find_lexer_class_for_filename as lexer_for
from sphinx.application import Sphinx
from sphinx.directives.code import LiteralInclude
from sphinx.util.logging import getLogger

warn = getLogger(__name__).warning
LANGUAGES = {"console": "console", "default.conf": "nginx"}  # names that Pygments cannot tell


def address(path: Path, root: Path) -> str:
    """Return where a snippet is downloaded from, nothing if it is not to be copied."""
    what, _, name = path.relative_to(root).as_posix().partition(".")
    return "" if path.name.startswith("wrong-") or name == "console" else f"raw/{what}/{name}"


class SnippetInclude(LiteralInclude):
    """A literalinclude that knows what the name of a snippet means."""

    def run(self) -> list[nodes.Node]:
        """Include the file, with a caption, a language, an anchor and a Download link."""
        path, root = Path(self.env.relfn2path(self.arguments[0])[1]), self.env.srcdir.parent
        if not path.is_relative_to(root / "snippets"):
            return super().run()
        name, page = path.name.partition(".")[2], self.env.docname
        lexer = LANGUAGES.get(name) or getattr(lexer_for(name), "aliases", ["text"])[0]
        self.options = {"language": lexer, "caption": name, **self.options}
        [block] = super().run()
        if isinstance(block, nodes.container):  # else there is no such file, and Sphinx has warned
            wrong, caption = path.name.startswith("wrong-"), name.replace("console", "Console")
            block[0] = nodes.caption("", f"Wrong: {caption}" if wrong else caption)
            block["classes"] += ["wrong"] * wrong
            if raw := address(path, root / "snippets"):
                link = f'href="{"../" * page.count("/")}{raw}" aria-label="Download {name}"'
                html = f'<a class="download" download {link}>Download</a>'
                block[0] += nodes.raw("", html, format="html")
            if (anchor := f"file-{nodes.make_id(path.name)}") not in self.state.document.ids:
                block["ids"], self.state.document.ids[anchor] = [anchor], block
                note = self.env.domains.standard_domain.note_hyperlink_target
                note(f"{page}#{anchor}", page, anchor, caption)
        return [block]


def check(app: Sphinx, *_: object) -> None:
    """Look from the other side: each file has a proper name, and a page; put it up for download."""
    root = app.srcdir.parent / "snippets"
    shown = {app.srcdir.joinpath(p).resolve() for d in app.env.dependencies.values() for p in d}
    for path in sorted(p for p in root.rglob("*") if p.is_file() and p.suffix != ".pyc"):
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.\.?\w.*", path.name):
            warn("snippet %s: name it <what-it-shows>.<the name to save it under>.", path)
        elif path not in shown:
            warn("snippet %s is on no page: include it, or delete it.", path)
        elif app.builder.format == "html" and (raw := address(path, root)):
            (app.outdir / raw).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, app.outdir / raw)
