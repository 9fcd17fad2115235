"""The directive {stand-ins}: how each stand-in differs from the official image it replaces."""

import tomllib

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from measurements import environment


class StandIns(SphinxDirective):
    """List what tests/harness/engine/stand_ins/official.toml says of each image."""

    def run(self) -> list[nodes.Node]:
        """Render the list as _templates/stand-ins.html has it."""
        path = self.env.srcdir.parent / "tests/harness/engine/stand_ins/official.toml"
        images = tomllib.loads(path.read_text("utf-8"))
        html = environment.get_template("stand-ins.html").render(images=images)
        return [nodes.raw("", html, format="html")]
