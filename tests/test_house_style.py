"""The proofs of docs/house-style.md."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from harness import ROOT, SNIPPETS

DOCS = ROOT / "docs"
PAGE = DOCS / "house-style.md"
PAGES = sorted(DOCS.rglob("*.md"))
PROGRAMS = [*sorted((ROOT / "tests").rglob("*.py")), *sorted((DOCS / "_ext").rglob("*.py"))]
# In a link or a role with its own text, the text is prose; code and addresses are not.
LINK_TEXT = re.compile(r"\{ref\}`([^`<]*)<[^`>]*>`|\[([^]]*)\]\([^)]*\)")
NOT_PROSE = re.compile(r"(?sm)^```.*?^```|(?:\{[\w:-]+\})?`[^`]*`")
LABEL = re.compile(r"\(([\w-]+)\)=")
BARE = re.compile(r"\{ref\}`([\w-]+)`")
BARE_LINK = re.compile(
    r"(?<!^- )(?<!\| )(?<!, )(?<!\band )(?<!\bor )(?<!\bsee )\{ref\}`[\w-]+`", re.IGNORECASE
)
SEE = re.compile(r"(?i)\bsee\b")


def test_ticked_sentence_names_its_subject():
    """Checks every line that ends in a tick, without its list or table marker."""
    ticked = re.compile(r"(?:[-|] |\d\. )?(?:It|They|So|Nor|Then)\b.*\{proof\}`")

    assert [place for place, line in lines() if ticked.match(line)] == []


def test_bare_link_follows_see():
    """Checks every link without its own text; one *see* can introduce a list of links."""
    bare = [(place, line) for place, line in lines() if BARE.search(line)]
    titled = {found[1] for _, line in lines() if (found := LABEL.match(line))}

    assert [place for place, line in bare if not titled.issuperset(BARE.findall(line))] == []
    assert [place for place, line in bare if BARE_LINK.search(line)] == []
    joined = re.compile(r"^[^|].*(?:,|and|or) \{ref\}`[\w-]+`")
    assert [p for p, line in bare if joined.match(line) and not SEE.search(line)] == []


def test_word_of_the_list_is_nowhere():
    """Checks prose only: not code, proof names, addresses or quoted output."""
    rows = re.findall(r"(?m)^\| (`[^|]*) \|", PAGE.read_text())
    words = re.findall(r"`([^`]+)`", " ".join(rows))
    listed = re.compile(rf"(?i)\b(?:{'|'.join(words)})\b")

    assert len(words) >= 30
    found = [(place, hit[0]) for place, text in prose() for hit in listed.finditer(text)]
    assert found == []


def lines() -> Iterator[tuple[str, str]]:
    """Yield every line of every page, with its location."""
    for page in PAGES:
        for number, line in enumerate(page.read_text().splitlines(), 1):
            yield f"{page.relative_to(ROOT)}:{number}", line


def prose() -> Iterator[tuple[str, str]]:
    """Yield the text that people read as sentences, with its file."""
    for page in PAGES:
        yield (
            str(page.relative_to(ROOT)),
            NOT_PROSE.sub("", LINK_TEXT.sub(r"\1\2", page.read_text())),
        )
    for snippet in SNIPPETS.rglob("*"):
        if snippet.is_file() and snippet.suffix != ".console":
            comments = re.findall(r"(?m)#.*$", snippet.read_text())
            yield str(snippet.relative_to(ROOT)), "\n".join(comments)
    for program in PROGRAMS:
        yield str(program.relative_to(ROOT)), "\n".join(remarks(program))


def remarks(program: Path) -> Iterator[str]:
    """Yield the docstrings and comments of a Python file."""
    text = program.read_text()
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented):
            yield ast.get_docstring(node) or ""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    yield from (token.string for token in tokens if token.type == tokenize.COMMENT)
