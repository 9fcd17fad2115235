"""A page of proofs for each topic. What it shows is written in _templates/proofs.html."""

from sphinx.application import Sphinx


def pages(app: Sphinx) -> list[tuple[str, dict, str]]:
    """Make the page of each topic that has tests."""
    titles = {t: app.env.titles[t].astext() for t in app.env.tests if t in app.env.titles}
    contexts = [{"topic": t, "title": f"Proofs: {title}"} for t, title in titles.items()]
    return [(f"proofs/{context['topic']}", context, "proofs.html") for context in contexts]


def share(app: Sphinx, _page: str, _template: str, context: dict, _tree: object) -> None:
    """Let the templates see the evidence."""
    context |= {"env": app.env, "highlight": app.builder.highlighter.highlight_block}
