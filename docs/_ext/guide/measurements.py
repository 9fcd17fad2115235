"""The directive {measurement}: the table that a benchmark wrote, and a plot of it if asked."""

import json
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst.directives import flag
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger

from guide import names, templates

warn = getLogger(__name__).warning


class Measurement(SphinxDirective):
    """Show one table of docs/_data/<page>.json; the directive's text is its caption."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"plot": flag}

    def run(self) -> list[nodes.Node]:
        """Render the table as _templates/measurement.html has it."""
        page, name = self.env.docname, self.arguments[0]
        path = Path(self.env.srcdir) / f"_data/{page}.json"
        self.env.note_dependency(str(path))
        try:
            table = json.loads(path.read_text("utf-8"))["tables"][name]
        except (OSError, KeyError):
            problem = "measurement %s is not in docs/_data/%s.json: let %s write it."
            warn(problem, name, page, names.bench_file(page), location=self.get_location())
            return []
        context = table | {"name": name, "caption": " ".join(self.content)}
        return templates.raw("measurement.html", plot="plot" in self.options, **context)
