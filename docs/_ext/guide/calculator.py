"""The directive {calculator}: a form on the page that calculates what a script calculates.

The script is the only source: its formulas are translated, with Python's own parser, to nested
lists that _static/calculator.js evaluates. A formula is a property that returns one expression.
"""

import ast
import json
import runpy
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from guide import templates

if TYPE_CHECKING:
    from collections.abc import Callable

Tree = str | float | list[Any]
OPERATORS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Eq: "==",
    ast.LtE: "<=",
    ast.GtE: ">=",
}


class Calculator(SphinxDirective):
    """Show the form for a script that has a dataclass `Site`, filled in with its defaults."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Render the form as _templates/calculator.html has it."""
        relative, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        site = runpy.run_path(path)["Site"]
        inputs = [
            {"name": item.name, "default": item.default, "whole": isinstance(item.default, int)}
            | dict(item.metadata)
            for item in fields(site)
        ]
        translated = json.dumps(formulas(Path(path).read_text("utf-8")))
        return templates.raw("calculator.html", inputs=inputs, site=site(), formulas=translated)


def formulas(text: str) -> dict[str, Tree]:
    """Return the properties of a script's class `Site`, by name."""
    tree = ast.parse(text)
    constants = {
        target.id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    [site] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Site"]
    properties = [
        node for node in site.body if isinstance(node, ast.FunctionDef) and node.decorator_list
    ]
    return {node.name: Translation(constants).function(node) for node in properties}


class Translation:
    """Translates the expressions of one function; `names` has an expression for each name."""

    def __init__(self, names: dict[str, ast.expr]) -> None:
        """Begin with a copy of the names."""
        self.names = {**names}
        self.kinds: list[tuple[type[ast.expr], Callable[[Any], Tree]]] = [
            (ast.Constant, lambda node: node.value),
            (ast.Attribute, lambda node: ["get", node.attr]),
            (ast.Name, lambda node: self.of(self.names[node.id])),
            (ast.BinOp, lambda node: [OPERATORS[type(node.op)], *self.all(node.left, node.right)]),
            (ast.Compare, self._comparison),
            (ast.IfExp, lambda node: ["if", *self.all(node.test, node.body, node.orelse)]),
            (ast.Call, lambda node: [node.func.id, *self.all(*node.args)]),
            (ast.JoinedStr, lambda node: ["join", *self.all(*node.values)]),
            (ast.FormattedValue, self._formatted),
            (ast.List, lambda node: ["list", *self.all(*node.elts)]),
            (ast.Tuple, lambda node: ["list", *self.all(*node.elts)]),
        ]

    def function(self, node: ast.FunctionDef) -> Tree:
        """Translate what a function returns, after its docstring and its assignments."""
        for statement in node.body[1:]:
            match statement:
                case ast.Assign([ast.Name(name)], value):
                    self.names[name] = value
                case ast.Return(ast.expr() as value):
                    return self.of(value)
        message = f"line {node.lineno}: {node.name} returns nothing"
        raise ValueError(message)

    def all(self, *expressions: ast.expr) -> list[Tree]:
        """Translate several expressions."""
        return [self.of(expression) for expression in expressions]

    def of(self, expression: ast.expr) -> Tree:
        """Translate one expression; another kind than those is an error of the build."""
        for kind, translate in self.kinds:
            if isinstance(expression, kind):
                return translate(expression)
        message = f"line {expression.lineno}: calculator.js has no {type(expression).__name__}"
        raise ValueError(message)

    def _comparison(self, node: ast.Compare) -> Tree:
        [operator], [right] = node.ops, node.comparators
        return [OPERATORS[type(operator)], *self.all(node.left, right)]

    def _formatted(self, node: ast.FormattedValue) -> Tree:
        if node.format_spec is None:
            return self.of(node.value)
        return [ast.unparse(node.format_spec).strip("f'\""), self.of(node.value)]
