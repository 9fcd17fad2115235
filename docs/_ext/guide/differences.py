"""The directive {difference}: what changes from one file to the file that replaces it."""

import difflib
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst.directives import unchanged_required
from sphinx.directives.code import container_wrapper
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger

warn = getLogger(__name__).warning


class Difference(SphinxDirective):
    """Compare two files when the page is read, so that the difference is always that of today."""

    required_arguments = 2
    option_spec = {"caption": unchanged_required}  # noqa: RUF012 -- as docutils declares it

    def run(self) -> list[nodes.Node]:
        """Return the lines that differ, each part with a line above and below it."""
        paths = [Path(self.env.relfn2path(argument)[1]) for argument in self.arguments]
        for path in paths:
            self.env.note_dependency(str(path))
            if not path.exists():
                warn("%s does not exist.", path, location=self.get_location())
                return []
        before, after = (path.read_text("utf-8").splitlines() for path in paths)
        lines = list(difflib.unified_diff(before, after, n=1, lineterm=""))[2:]  # without names
        if not lines:
            warn("%s does not differ from %s.", *reversed(paths), location=self.get_location())
            return []
        text = "\n".join(lines)
        block = nodes.literal_block(text, text, language="diff")
        if "caption" not in self.options:
            return [block]
        return [container_wrapper(self, block, self.options["caption"])]
