"""The proofs of docs/troubleshooting.md."""

import re

from harness import SNIPPETS
from harness.browser import DOCS, SITE

ENTRIES = [f"troubleshooting/{path.stem}" for path in (DOCS / "troubleshooting").glob("*.md")]
INDEX = (DOCS / "troubleshooting.md").read_text()
PARTS = ["Confirm", "Stop the bleeding", "Mend it for good", "Often mistaken for"]
OF_ANOTHER_SHAPE = {"troubleshooting/exit-codes"}
WITHOUT_A_LINE = {
    "bad-request",
    "busy-worker",
    "changing-values",
    "exit-codes",
    "memory-grows",
    "mixed-time-zones",
    "nothing-in-the-log",
    "redirect-loop",
    "scheduler-runs-twice",
    "slow-stop",
    "stream-cut",
    "vanished-headers",
}
LOG = ["worker-timeout", "invalid-http-host", "control-server-error", "database-locked"]
ACCESS = '172.17.0.1 - - [21/Nov/2026:03:12:{:02} +0000] "GET /shop/{} HTTP/1.1" 200 5120 "-" "-"'
FOUND = "#filter li a"
STORED = "[document.cookie, localStorage.length, sessionStorage.length, location.href]"


def test_pasted_log_finds_its_entries(visit):
    """Fifty lines, of which some are those of four entries: these four are found."""
    lines = [ACCESS.format(n, n) for n in range(60)]
    for n, name in enumerate(LOG, 1):
        lines[12 * n : 12 * n] = printed(name)
    page = visit("troubleshooting")

    page.locator("#pasted").fill("\n".join(lines[:50]))

    found = page.locator(FOUND).evaluate_all("all => all.map(a => a.pathname)")
    assert {f"/troubleshooting/{name}.html" for name in LOG} == set(found[:4])


def test_each_line_finds_its_entry(visit):
    """What the first block of an entry prints is pasted: the entry is one of the first three.

    So is the title of one whose log has no line that no other has.
    """
    page = visit("troubleshooting")
    lost = {}
    for name in (path.parent.name for path in SNIPPETS.glob("troubleshooting/*/line.console")):
        pasted = title(name) if name in WITHOUT_A_LINE else "\n".join(printed(name))
        page.locator("#pasted").fill(pasted)
        found = page.locator(FOUND).evaluate_all("all => all.map(a => a.pathname)")
        if f"/troubleshooting/{name}.html" not in found[:3]:
            lost[name] = found[:3]

    assert lost == {}


def test_nothing_pasted_leaves_the_page(visit):
    """No request is sent, nothing is stored, and the address stays."""
    page = visit("troubleshooting")
    page.wait_for_load_state("networkidle")
    before, asked = page.evaluate(STORED), []
    page.on("request", lambda request: asked.append(request.url))

    page.locator("#pasted").fill("[CRITICAL] WORKER TIMEOUT (pid:7)")
    page.wait_for_load_state("networkidle")

    assert page.locator(FOUND).count() > 0
    assert asked == []
    assert page.evaluate(STORED) == before == ["", 0, 0, f"{SITE}/troubleshooting.html"]


def test_each_entry_has_the_same_parts():
    """A block, what it means, and four headings in one order; the index names each entry."""
    others = {name for name in ENTRIES if headings(name) != PARTS} - OF_ANOTHER_SHAPE
    unnamed = {name for name in ENTRIES if f"{{ref}}`{name.rpartition('/')[2]}`" not in INDEX}

    assert len(ENTRIES) >= 40
    assert others == set()
    assert unnamed == set()


def printed(name):
    """Return the lines that the first block of an entry prints."""
    text = (SNIPPETS / f"troubleshooting/{name}/line.console").read_text()
    return re.sub(r"\$ (?:.*\\\n)*.*\n", "", text, count=1).splitlines()


def title(name):
    """Return the title of an entry."""
    return re.search(r"(?m)^# (.+)", (DOCS / f"troubleshooting/{name}.md").read_text())[1]


def headings(name):
    """Return the headings of an entry, in their order."""
    return re.findall(r"(?m)^## (.+)", (DOCS / f"{name}.md").read_text())
