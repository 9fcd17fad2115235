"""The sentences of a page: those before a tick, and those that assert something without one.

A page is a tree of docutils nodes here, as it is read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes
from sphinx.addnodes import pending_xref

# What stands for them in a paragraph's text; a link, code and bold text have one at either end.
TICK, CITATION, LINK, CODE, BOLD = "\x01", "\x02", "\x03", "\x04", "\x05"
MARKS = re.compile(rf"[{TICK}{CITATION}]|{LINK}(.*?){LINK}")
PIECE = re.compile(rf"{CODE}[^{CODE}]*{CODE}")
# Such as "**Workers:** " before the rest of a sentence.
LABEL = re.compile(rf"^{BOLD}[^{BOLD}]*(?::{BOLD}|{BOLD}:) (.)")
# A line of the source is a sentence, as a rule; some lines have two. No sentence ends in code:
# the number of marks of code that follow is even.
OUTSIDE = rf"(?=(?:[^{CODE}]*{CODE}[^{CODE}]*{CODE})*[^{CODE}]*\Z)"
END = re.compile(rf"(?:(?:(?<=[.!?])|(?<=[.!?]{BOLD}))\s+(?=[A-Z`\"{CODE}{BOLD}])|\n){OUTSIDE}")
CLAUSE = re.compile(r"[.;:!?]\s*$")
SKIPPED = (nodes.Admonition, nodes.table, nodes.system_message)
# An instruction begins with its verb, or with a condition, as in "If it fails, use ...".
CONDITION = (
    "after|as|at|because|before|behind|during|for|from|if|in|instead|on|to|unless|until|when|"
    "where|while|with|without"
)
VERBS = (
    "add|allow|append|ask|avoid|back|bind|block|bound|break|build|calculate|call|change|check|"
    "choose|click|clone|close|commit|compare|compile|configure|connect|convert|copy|count|"
    "create|define|delete|deploy|develop|disable|divide|do|don't|download|drop|enable|enter|"
    "exclude|expand|find|fix|follow|generate|get|give|go|have|hover|ignore|import|include|"
    "increase|install|keep|leave|let|limit|link|list|look|lower|make|map|measure|mend|merge|"
    "migrate|mount|move|name|negate|never|open|pass|paste|pick|pin|plan|point|prefer|print|"
    "publish|pull|push|put|raise|read|rebuild|recommend|recreate|reduce|reload|remove|rename|"
    "repeat|replace|reset|restart|restore|retry|return|roll|rotate|run|save|schedule|search|"
    "see|select|send|serve|set|show|split|spread|start|stop|store|switch|take|tell|terminate|"
    "treat|try|turn|update|upgrade|use|verify|wait|watch|write"
)
INSTRUCTION = re.compile(
    rf"(?=[A-Z])(?i:{VERBS})[ ,]"
    rf"|(?:Also|Alternatively|But|Instead|Next|Otherwise|So|Then|Therefore),? (?:{VERBS})[ ,]"
    rf"|(?=[A-Z])(?i:{CONDITION})\b(?:[^.;:]|\.(?=\d))*, (?:then |also |first )?(?:{VERBS})[ ,]"
)


@dataclass(frozen=True)
class Part:
    """A piece of a sentence: its text, and whether it is code."""

    text: str
    is_code: bool = False


@dataclass(frozen=True)
class Sentence:
    """A sentence that asserts something; it is proved elsewhere if a link leads to a claim."""

    text: str
    links: tuple[str, ...] = ()


class Tick(nodes.Inline, nodes.TextElement):
    """What the role {proof} makes of a proof's name: the end of a sentence."""


class Claimed(nodes.inline):
    """A sentence with its tick."""


def before(tick: Tick) -> tuple[tuple[Part, ...], int]:
    """Return the sentence before a tick, and its line.

    A tick in the middle of a sentence does not end it.
    """
    lines: list[list[Part]] = [[]]
    breaks = 0
    for node in tick.parent[: tick.parent.index(tick)]:
        if isinstance(node, Tick):
            if CLAUSE.search(_text(lines[-1])):
                lines.append([])
            continue
        text, *others = node.astext().split("\n")
        breaks += len(others)
        lines[-1].append(Part(text, isinstance(node, nodes.literal)))
        lines += [[Part(other, isinstance(node, nodes.literal))] for other in others]
    written = [line for line in lines if _text(line).strip()] or [[]]
    return _stripped(written[-1]), (tick.parent.line or 1) + breaks


def enclose(tick: Tick) -> None:
    """Put a tick and the text of its sentence into one element, to be highlighted together.

    The sentence begins after the last tick or the last line break before this one.
    """
    parent = tick.parent
    end = start = parent.index(tick)
    while start and not isinstance(parent[start - 1], Claimed):
        node = parent[start - 1]
        if isinstance(node, nodes.Text) and "\n" in node:
            above, _, text = node.rpartition("\n")
            parent[start - 1 : start] = [nodes.Text(f"{above}\n"), nodes.Text(text)]
            end += 1
            break
        start -= 1
    parent[start : end + 1] = [Claimed("", "", *parent[start : end + 1], classes=["claim"])]


def _text(parts: list[Part]) -> str:
    return "".join(part.text for part in parts)


def _stripped(parts: list[Part]) -> tuple[Part, ...]:
    """Return the parts without space at either end."""
    texts = [part.text for part in parts]
    if texts:
        texts[0] = texts[0].lstrip()
        texts[-1] = texts[-1].rstrip()
    return tuple(Part(text, part.is_code) for text, part in zip(texts, parts, strict=True) if text)


def without_a_mark(document: nodes.document) -> Iterator[Sentence]:
    """Yield the sentences that assert something without a tick, a citation or an instruction.

    A sentence is part of a paragraph or of an item of a list, outside notes and tables, and ends
    in a full stop. A citation is a link to another site.
    """
    for paragraph in document.findall(nodes.paragraph):
        if _is_inside(paragraph, SKIPPED):
            continue
        for text in END.split("".join(map(_marked, paragraph.children))):
            words = " ".join(re.sub(f"[{CODE}{BOLD}]", "", MARKS.sub("", text)).split())
            # The punctuation of a piece of code is no punctuation of the sentence.
            shape = " ".join(MARKS.sub("", PIECE.sub("Code", text)).split())
            shape = LABEL.sub(lambda label: label[1].upper(), shape).replace(BOLD, "")
            if TICK in text or CITATION in text or not shape.endswith("."):
                continue
            if not INSTRUCTION.match(shape):
                yield Sentence(words, tuple(link for link in MARKS.findall(text) if link))


def _is_inside(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    parent = node.parent
    return parent is not None and (isinstance(parent, kinds) or _is_inside(parent, kinds))


def _marked(node: nodes.Node) -> str:
    """Return a node's text, with a character for a mark."""
    if isinstance(node, Tick):
        return TICK
    if isinstance(node, nodes.literal):
        return f"{CODE}{node.astext()}{CODE}"
    if isinstance(node, nodes.strong):
        return f"{BOLD}{node.astext()}{BOLD}"
    if isinstance(node, pending_xref):
        return f"{node.astext()}{LINK}{node['reftarget']}{LINK}"
    if isinstance(node, nodes.reference) and "://" in node.get("refuri", ""):
        return node.astext() + CITATION
    return node.astext()
