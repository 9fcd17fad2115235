"""The Jinja templates of what a page shows besides its text."""

from pathlib import Path

from docutils import nodes
from jinja2 import Environment, FileSystemLoader

FOLDER = Path(__file__).parent.parent.parent / "_templates"
environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)


def render(template: str, **context: object) -> str:
    """Return the HTML that a template makes."""
    return environment.get_template(template).render(context)


def raw(template: str, **context: object) -> list[nodes.Node]:
    """Return that HTML as what a directive returns."""
    return [nodes.raw("", render(template, **context), format="html")]
