"""What holds for the Markdown twin of every page."""

import re

from harness.browser import DOCS

PAGES = sorted(path.relative_to(DOCS) for path in DOCS.rglob("*.md"))
CODE = re.compile(r"(?ms)^ *(`{3,})[^\n`]*\n.*?^ *\1$|`` .*? ``|`[^`]+`")
MARKUP = re.compile(
    r"\{[a-z-]+\}|^:{3,}|^:\w+:|^`{3,}\{|^\([\w-]+\)=|</?(?:a|div|p|span|td|code)\b", re.MULTILINE
)
WHOLE = re.compile(r"```\{literalinclude\} (\S+)\n(?!:(?:caption|lines|start-at))")


def test_no_markup_is_left(site):
    """Outside code, a twin has no role, directive, target or tag."""
    texts = {path: CODE.sub("", (site / path).read_text()) for path in PAGES}
    left = {path: found for path, text in texts.items() if (found := MARKUP.findall(text))}

    assert left == {}


def test_files_are_inside(site):
    """Each file that a page shows whole is in its twin, indented only inside a list."""
    missing, files = [], 0
    for path in PAGES:
        twin = re.sub(r"(?m)^ +", "", (site / path).read_text())
        for name in WHOLE.findall((DOCS / path).read_text()):
            file = ((DOCS / path).parent / name).read_text()
            files += 1
            if re.sub(r"(?m)^ +", "", file).strip("\n") not in twin:
                missing.append((str(path), name))

    assert files > 300
    assert missing == []


def test_links_of_twins_lead_somewhere(site):
    """A link to another page leads to its twin, and to a file to its download."""
    broken = []
    for path in PAGES:
        links = re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", (site / path).read_text()))
        local = [link.partition("#")[0] for link in links if "://" not in link]
        broken += [(str(path), x) for x in local if not (site / path).parent.joinpath(x).exists()]

    assert broken == []


def test_index_lists_every_page(site):
    """llms.txt has a line for each page but the first, with its description."""
    text = (site / "llms.txt").read_text()
    listed = re.findall(r"(?m)^- \[.+\]\((\S+\.md)\): .{60,}$", text)

    assert sorted(listed) == sorted(str(path) for path in PAGES if str(path) != "index.md")
