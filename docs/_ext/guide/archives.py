"""The directive {archive}: a walk's project as it stood at the end, to download."""

import hashlib
import shutil
from pathlib import Path
from zipfile import ZipFile

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from guide import late, templates


class Archive(late.LateDirective):
    """Offer the archive that the tests of this page have made, with its files and its SHA-256."""

    part = "archive"


def _folder(builder: StandaloneHTMLBuilder) -> Path:
    """Return where a run of the tests leaves the archives: next to its results."""
    results = Path(builder.config.proof_results)
    return Path(builder.srcdir).parent / results.parent / "archives"


def render(builder: StandaloneHTMLBuilder, page: str) -> str:
    """Render the link, the digest and the files as _templates/archive.html has them."""
    file = _folder(builder) / f"{page}.zip"
    if not file.exists():
        return templates.render("archive.html", page=page, files=[])
    with ZipFile(file) as archive:
        files = archive.namelist()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return templates.render("archive.html", page=page, files=files, digest=digest)


def offer(app: Sphinx, error: Exception | None) -> None:
    """Copy each archive and its files to where their links lead."""
    if error or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    for file in sorted(_folder(app.builder).glob("*.zip")):
        target = Path(app.outdir) / "raw" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        with ZipFile(file) as archive:
            archive.extractall(target.with_name("archives"))


late.PARTS[Archive.part] = render
