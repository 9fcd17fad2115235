"""The directive {incident}: how urgent an entry is, and a text for the incident channel."""

from typing import ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

OTHER_TOOLS = "{ref}`The commands for Compose, Podman, kubectl and systemd <other-tools>`"
SEVERITIES = ("page somebody", "tomorrow")


class Details(nodes.General, nodes.Element):
    """A part of a page that stays folded until a reader opens it."""


class Summary(nodes.Part, nodes.TextElement):
    """What a reader sees of a folded part."""


def visit_details(translator: HTML5Translator, node: Details) -> None:
    """Open a folded part."""
    translator.body.append(translator.starttag(node, "details"))


def depart_details(translator: HTML5Translator, _node: Details) -> None:
    """Close it."""
    translator.body.append("</details>\n")


def visit_summary(translator: HTML5Translator, node: Summary) -> None:
    """Open the line to click."""
    translator.body.append(translator.starttag(node, "summary", ""))


def depart_summary(translator: HTML5Translator, _node: Summary) -> None:
    """Close it."""
    translator.body.append("</summary>\n")


class Incident(SphinxDirective):
    """Show the severity with its reason, the page's address, and the text to copy.

    The search skips it, because the texts of all entries have the same words.
    """

    required_arguments = 1
    final_argument_whitespace: ClassVar[bool] = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the box."""
        severity, _, reason = self.arguments[0].partition(": ")
        if severity not in SEVERITIES or not reason:
            message = f"Write one of {SEVERITIES}, a colon and a reason."
            raise self.error(message)
        page = self.env.docname.rpartition("/")[2]
        line = nodes.paragraph("", "Severity: ")
        line += nodes.strong("", severity)
        line += nodes.Text(f" ({reason}) · ")
        line += nodes.reference("", "Address for alerts", refuri=f"{page}.html")
        line += nodes.Text(" · ")
        line += self.parse_inline(OTHER_TOOLS)[0]
        text = "\n".join(self.content)
        folded = Details("", Summary("", "Text for the incident channel"))
        folded += nodes.literal_block(text, text, language="text")
        return [nodes.container("", line, folded, classes=["incident", "no-search"])]
