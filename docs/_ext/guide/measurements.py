"""The directive {measurement}: the table that a benchmark wrote, and a plot of it if asked."""

import json
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst.directives import flag
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger

from guide import names, templates

warn = getLogger(__name__).warning
CLEAR = 1.25  # two figures differ clearly if one is more than this times the other


class Repeated(NamedTuple):
    """How a table compares with the same measurement on an earlier day."""

    date: str
    machine: str
    typical: float  # the median of the changes, in percent
    largest: float
    where: str  # the row and the column of the largest change
    turned: list[str]  # the rows and columns that are clearly in another order


def repeated(table: dict[str, Any]) -> Repeated | None:
    """Compare a table with the earlier one that it stores, row by row, where both have figures."""
    earlier, columns = table.get("earlier"), table["columns"]
    if not earlier or earlier["columns"] != columns:
        return None
    before = {row[0]: row for row in earlier["rows"]}
    changes, turned = [], []
    for number, column in enumerate(columns):
        figures = {
            row[0]: (before[row[0]][number], row[number])
            for row in table["rows"]
            if row[0] in before and all(map(is_figure, (before[row[0]][number], row[number])))
        }
        changes += [(factor(*pair), f"{name}, {column}") for name, pair in figures.items()]
        for one, other in combinations(figures, 2):
            (old, new), (old_other, new_other) = figures[one], figures[other]
            clearly = min(factor(old, old_other), factor(new, new_other)) > CLEAR
            if clearly and (old < old_other) != (new < new_other):
                turned.append(f"{one} and {other} ({column})")
    if not changes:
        return None
    percent = [round(100 * (change - 1)) for change, _ in changes]
    return Repeated(
        earlier["date"], earlier["machine"], median(percent), max(percent), max(changes)[1], turned
    )


def is_figure(cell: object) -> bool:
    """Whether a cell has a number."""
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def factor(one: float, other: float) -> float:
    """Return how many times the larger of two figures is the smaller one."""
    small, large = sorted((one, other))
    return 1 if small == large else large / max(small, 0.01)


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
        context["repeated"] = repeated(table)
        return templates.raw("measurement.html", plot="plot" in self.options, **context)
