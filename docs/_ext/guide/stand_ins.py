"""The directive {stand-ins}: how each stand-in differs from the official image it replaces."""

import tomllib
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from guide import templates


class StandIns(SphinxDirective):
    """List what tests/harness/engine/stand_ins/official.toml says of each image."""

    def run(self) -> list[nodes.Node]:
        """Render the list as _templates/stand-ins.html has it."""
        path = Path(self.env.srcdir).parent / "tests/harness/engine/stand_ins/official.toml"
        self.env.note_dependency(str(path))
        return templates.raw("stand-ins.html", images=tomllib.loads(path.read_text("utf-8")))
