"""The directive {machines}: on which machines the tests were run, when, and how they ended."""

import json
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from measurements import environment


class Machines(SphinxDirective):
    """Show the runs behind this build, then the whole runs that docs/_data/machines.json keeps."""

    def run(self) -> list[nodes.Node]:
        """Render the table as _templates/machines.html has it."""
        kept = json.loads((self.env.srcdir / "_data/machines.json").read_text("utf-8"))
        template = environment.get_template("machines.html")
        html = template.render(runs=self._of_this_build(), kept=kept)
        return [nodes.raw("", html, format="html")]

    def _of_this_build(self) -> list[dict]:
        """Return the records beside the results: this machine's, then those of `--on`."""
        if not (results := self.config.proof_results):
            return []
        path = Path(self.env.srcdir.parent / results)
        files = [path.with_suffix(".json"), *sorted(path.parent.glob("machines/*.json"))]
        return [json.loads(path.read_text("utf-8")) for path in files if path.exists()]
