"""The directive {measurement}: the table that a benchmark wrote, and a plot of it if asked."""

import json
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst.directives import flag
from jinja2 import Environment, FileSystemLoader
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger

warn = getLogger(__name__).warning
templates = FileSystemLoader(Path(__file__).parent.parent / "_templates")
environment = Environment(loader=templates, autoescape=True)
template = environment.get_template("measurement.html")


class Measurement(SphinxDirective):
    """Show one table of docs/_data/<page>.json; the directive's text is its caption."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"plot": flag}

    def run(self) -> list[nodes.Node]:
        """Render the table as _templates/measurement.html has it."""
        page, name = self.env.docname, self.arguments[0]
        path = self.env.srcdir / f"_data/{page}.json"
        try:
            table = json.loads(path.read_text("utf-8"))["tables"][name]
        except (OSError, KeyError):
            bench = f"tests/benchmarks/bench_{page.replace('-', '_')}.py"
            problem = "measurement %s is not in docs/_data/%s.json: let %s write it."
            warn(problem, name, page, bench, location=self.get_location())
            return []
        context = table | {"name": name, "caption": " ".join(self.content)}
        context["plot"] = "plot" in self.options
        return [nodes.raw("", template.render(context), format="html")]
