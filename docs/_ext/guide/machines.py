"""The directive {machines}: on which machines the tests were run, when, and how they ended."""

import json
from pathlib import Path
from typing import Any

from sphinx.builders.html import StandaloneHTMLBuilder

from guide import late, templates

Record = dict[str, Any]  # as _templates/machines.html names its facts


class Machines(late.LateDirective):
    """Show the runs behind this build, then the whole runs that docs/_data/machines.json keeps."""

    part = "machines"


def render(builder: StandaloneHTMLBuilder, _page: str) -> str:
    """Render the table as _templates/machines.html has it."""
    docs = Path(builder.srcdir)
    kept = _read(docs / "_data/machines.json")
    runs = _of_this_build(docs.parent, builder.config.proof_results)
    return templates.render("machines.html", runs=runs, kept=kept)


def _of_this_build(root: Path, results: str) -> list[Record]:
    """Return the records next to the results: this machine's, then those of `--on`."""
    if not results:
        return []
    path = root / results
    files = [path.with_suffix(".json"), *sorted(path.parent.glob("machines/*.json"))]
    return [_read(path) for path in files if path.exists()]


def _read(path: Path) -> Any:  # noqa: ANN401 -- JSON
    return json.loads(path.read_text("utf-8"))


late.PARTS[Machines.part] = render
