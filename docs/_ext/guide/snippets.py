"""What a snippet's name says: its caption, its language, its anchor, and where to download it."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from docutils.parsers.rst.directives import unchanged_required
from pygments.lexers import find_lexer_class_for_filename as lexer_for
from sphinx.application import Sphinx
from sphinx.directives.code import LiteralInclude
from sphinx.util.logging import getLogger
from sphinx.writers.html5 import HTML5Translator

from guide import claims, names

warn = getLogger(__name__).warning
SUMS = "SHA256SUMS"
LANGUAGES = {"console": "console", "default.conf": "nginx"}  # names that Pygments cannot tell


class Download(nodes.Inline, nodes.TextElement):
    """The link that gives a reader the file of a snippet."""


def visit_download(translator: HTML5Translator, node: Download) -> None:
    """Write the link; a browser saves what it leads to."""
    attributes: dict[str, Any] = {"CLASS": "download", "download": "", "href": node["href"]}
    attributes["aria-label"] = f"Download {node['file']}"
    translator.body.append(translator.starttag(node, "a", "", **attributes))


def depart_download(translator: HTML5Translator, _node: Download) -> None:
    """Close the link."""
    translator.body.append("</a>")


class SnippetInclude(LiteralInclude):
    """A literalinclude that knows what the name of a snippet means.

    A caption says where to save a file that belongs in a subdirectory, as in nginx/default.conf.
    The option `emphasize-from` marks the lines from the first one with a text to the last one of
    its instruction, because lines that end with a backslash continue it.
    """

    option_spec = (LiteralInclude.option_spec or {}) | {"emphasize-from": unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Include the file, with a caption, a language, an anchor and a Download link."""
        path, root = Path(self.env.relfn2path(self.arguments[0])[1]), _folder(self.env.srcdir)
        if not path.is_relative_to(root):
            return super().run()
        name = names.saved(path)
        lexer = LANGUAGES.get(name) or _language(name)
        self.options = {"language": lexer, "caption": name, **self.options}
        if PurePosixPath(self.options["caption"]).name != name:
            warn("%s: let the caption end in %s.", path, name, location=self.get_location())
        if lines := self._lines(path, self.options.pop("emphasize-from", "")):
            self.options["emphasize-lines"] = lines
        [block] = super().run()
        if isinstance(block, nodes.container):  # else there is no such file, and Sphinx has warned
            raw = names.download(path.relative_to(root).as_posix())
            self._describe(block, path, "" if "start-at" in self.options else raw)
        return [block]

    def _lines(self, path: Path, text: str) -> str:
        """Return the numbers of the lines to emphasize."""
        lines = path.read_text("utf-8").splitlines() if text and path.exists() else []
        first = next((n for n, line in enumerate(lines, 1) if text in line), 0)
        if lines and not first:
            warn("%s has no line with %s to emphasize.", path, text, location=self.get_location())
        if not first:
            return ""
        ends = (n for n in range(first, len(lines) + 1) if not lines[n - 1].endswith("\\"))
        return f"{first}-{next(ends, len(lines))}"

    def _describe(self, block: nodes.container, path: Path, raw: str) -> None:
        """Give a block its caption, its link and its anchor."""
        name, page, document = self.options["caption"], self.env.docname, self.state.document
        wrong, caption = names.is_wrong(path), name.replace("console", "Console")
        block[0] = title = nodes.caption("", f"Wrong: {caption}" if wrong else caption)
        block["classes"] += ["wrong"] * wrong
        if raw:
            href = f"{'../' * page.count('/')}{raw}"
            title += Download("", "Download", href=href, file=names.saved(path))
        if (anchor := f"file-{nodes.make_id(path.name)}") not in document.ids:
            block["ids"], document.ids[anchor] = [anchor], block
            standard = self.env.domains.standard_domain
            standard.note_hyperlink_target(f"{page}#{anchor}", page, anchor, caption)


def _language(name: str) -> str:
    lexer = lexer_for(name)
    return lexer.aliases[0] if lexer else "text"


def _folder(docs: Path) -> Path:
    return Path(docs).parent / "snippets"


def _name(app: Sphinx, path: Path) -> str:
    return path.relative_to(_folder(app.srcdir)).as_posix()


def _files(app: Sphinx) -> Iterator[Path]:
    """Yield all files of the folder of snippets."""
    files = (path for path in _folder(app.srcdir).rglob("*") if path.is_file())
    yield from sorted(path for path in files if path.suffix != ".pyc")


def check(app: Sphinx, *_: object) -> None:
    """Look from the other side: each file has a proper name, and a page; each command was run."""
    docs, ran = Path(app.srcdir), claims.of(app.env).evidence.ran()
    shown = {(docs / p).resolve() for paths in app.env.dependencies.values() for p in paths}
    for path in _files(app):
        if not names.SNIPPET.fullmatch(path.name):
            warn("snippet %s: name it <what-it-shows>.<the name to save it under>.", path)
        elif path not in shown:
            warn("snippet %s is on no page: include it, or delete it.", path)
        elif ran and names.saved(path) == "console" and _name(app, path) not in ran:
            warn("snippet %s was not run: let a test replay it.", path)


def sums(app: Sphinx, error: Exception | None) -> None:
    """Write the SHA-256 of each file to download, for `sha256sum -c SHA256SUMS`."""
    folder = Path(app.outdir) / "raw"
    if error or app.builder.format != "html" or not folder.exists():
        return
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    digests = [(hashlib.sha256(path.read_bytes()).hexdigest(), path) for path in files]
    lines = [f"{digest}  {path.relative_to(folder).as_posix()}\n" for digest, path in digests]
    (folder / SUMS).write_text("".join(lines), "utf-8")


def offer(app: Sphinx, error: Exception | None) -> None:
    """Copy each file to where its Download link leads."""
    if error or app.builder.format != "html":
        return
    for path in _files(app):
        if raw := names.download(path.relative_to(_folder(app.srcdir)).as_posix()):
            target = Path(app.outdir) / raw
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
