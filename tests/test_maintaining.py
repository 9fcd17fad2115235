"""The proofs of docs/maintaining.md."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from harness import ROOT, SNIPPETS
from harness.guide_site import Site
from harness.texts import edited

WORKFLOW, DEPENDABOT = ".github/workflows/guide.yml", ".github/dependabot.yml"
LINTERS = [
    ["zizmor", "--offline", "--persona=pedantic", "."],
    ["jactionlint", "--strict-exit", "--shellcheck=", "--pyflakes=", WORKFLOW, DEPENDABOT],
]
ADDRESS = "https://example.com/guide/"
RICH = """---
myst:
  html_meta:
    description: How to stop a container.
---
(stop)=
# Stop *it*

```{index} single: ! stop
```

See {ref}`signals`, or {ref}`the file <signals>`, or [a site](https://example.com/a.html).

1. One `item`
2. Another

```{note}
Take care.
```

| a | b |
|---|---|
| `x` | [stop](#stop) |

Term
: What it means.

```{measurement} stops
Seconds to stop
```
"""
TWIN = """# Stop *it*

See [Signals](signals.md), or [the file](signals.md), or [a site](https://example.com/a.html).

1. One `item`
2. Another

> **Note:** Take care.

| a | b |
|---|---|
| `x` | stop |

- **Term**: What it means.

Seconds to stop

| CMD | seconds |
|---|---|
| exec form | 0.5 |

Measured on 2026-11-21 with Gunicorn 27, on 2 cores.
"""
DATA = """{"tables": {"stops": {"date": "2026-11-21", "machine": "2 cores",
"versions": ["Gunicorn 27"], "columns": ["CMD", "seconds"], "rows": [["exec form", 0.5]]}}}"""


def test_one_command_writes_the_pins(tmp_path):
    """Starting from an empty list, the command writes the same list with today's versions."""
    text = (ROOT / "pyproject.toml").read_text()
    pins = tomllib.loads(text)["tool"]["uv"]["constraint-dependencies"]
    emptied = edited(text, {"".join(f'  "{pin}",\n' for pin in pins): ""})
    (tmp_path / "pyproject.toml").write_text(emptied)
    (tmp_path / "today.txt").write_text("\n".join(pins))
    today = {"UV_CONSTRAINT": "today.txt", "UV_EXCLUDE_NEWER": "0 days"}

    command = [sys.executable, ROOT / "tests/harness/pins.py"]
    subprocess.run(command, cwd=tmp_path, env=os.environ | today, check=True)

    assert (tmp_path / "pyproject.toml").read_text() == text


def test_imported_packages_are_declared():
    """Deptry finds no import of a package that is only a dependency of another package."""
    done = program("deptry", "docs/_ext", "tests")

    assert done.returncode == 0, done.stderr


def test_extensions_pass_mypy():
    """Mypy uses the strict settings in pyproject.toml."""
    done = program("mypy", "docs/_ext/guide", "tests/harness")

    assert done.returncode == 0, done.stdout


def test_repository_follows_the_guides_dependabot_file():
    """The entries differ only in the ecosystem, and the file fits the service's schema."""
    files = ROOT / DEPENDABOT, SNIPPETS / "supply-chain/weekly.dependabot.yml"
    ours, theirs = (
        {entry.pop("package-ecosystem"): entry for entry in yaml.safe_load(text)["updates"]}
        for text in map(Path.read_text, files)
    )

    assert set(ours) == {"github-actions", "uv"}
    assert all(entry in theirs.values() for entry in ours.values())
    done = program("check-jsonschema", "--builtin-schema", "vendor.dependabot", DEPENDABOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", LINTERS, ids=lambda command: command[0])
def test_workflow_passes_its_linters(command):
    """Neither linter finds anything, not even a warning."""
    done = program(*command)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", LINTERS, ids=lambda command: command[0])
def test_action_by_tag_is_refused(command, tmp_path):
    """With the hash of one action replaced by its tag, as in most workflows, the linter fails."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    workflow = tmp_path / WORKFLOW
    text, replaced = re.subn("(deploy-pages@)[0-9a-f]{40} # ", r"\1", workflow.read_text())
    workflow.write_text(text)

    done = program(*command, cwd=tmp_path)

    assert replaced == 1
    assert done.returncode != 0
    assert "unpinned-uses" in done.stdout


def test_ci_run_fails_without_a_command(tmp_path):
    """The README's heading is renamed, while results of an earlier run exist."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    readme = edited((ROOT / "README.md").read_text(), {"## Run the tests": "## Another heading"})
    (tmp_path / "README.md").write_text(readme)
    results = tmp_path / ".cache/proofs.xml"
    results.parent.mkdir()
    results.touch()

    done = subprocess.run([tmp_path / ".ci/run"], check=False, capture_output=True, text=True)

    assert done.returncode != 0
    assert "README.md has no command" in done.stderr
    assert not results.exists()


@pytest.fixture
def site(tmp_path):
    """Return a small site of the guide."""
    small = Site(tmp_path)
    small.replace("docs/signals.md", "# Signals", "(signals)=\n# Signals")
    return small


def test_address_makes_canonical_links_and_a_sitemap(site):
    """Each page has its own address, and the sitemap that of each page and of its proofs."""
    assert site.build(html_baseurl=ADDRESS) == []
    for page in "index", "signals", "proofs/signals":
        link = f'<link rel="canonical" href="{ADDRESS}{page}.html">'
        assert link in site.read(f"_site/{page}.html")
    urls = re.findall("<loc>(.*?)</loc>", site.read("_site/sitemap.xml"))
    assert urls == [f"{ADDRESS}{page}.html" for page in ("index", "signals", "proofs/signals")]


def test_address_links_to_the_published_files(site):
    """The role of that page makes a link, and without an address only the file's name."""
    site.write("docs/signals.md", site.read("docs/signals.md") + "\nGet {published}`guide.zip`.\n")
    name = '<code class="docutils literal notranslate"><span class="pre">guide.zip</span></code>'

    assert site.build(html_baseurl=ADDRESS) == []
    assert f'Get <a href="{ADDRESS}guide.zip">{name}</a>.' in site.read("_site/signals.html")
    assert "Get `guide.zip`." in site.read("_site/signals.md")
    assert site.build() == []
    assert f"Get <a>{name}</a>." in site.read("_site/signals.html")
    page = (ROOT / "docs/own-copy.md").read_text()
    assert re.findall(r"{published}`(\S+)`", page) == ["guide.zip", "guide.epub"]


CHANGES = """(changelog)=
# Changelog

## November 29, 2026

See {ref}`signals <signals>`.

## November 21, 2026

- The *first* version.
"""


@pytest.fixture
def dated(site):
    """Return the site, with a changelog of two dates."""
    site.write("docs/changelog.md", CHANGES)
    site.replace("docs/index.md", "signals\n", "signals\nchangelog\n")
    return site


def test_changelog_has_a_feed(dated):
    """The entries have the page's dates, contents and addresses; no link of them is relative."""
    assert dated.build(html_baseurl=ADDRESS) == []
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ET.fromstring(dated.read("_site/changelog.atom"))  # noqa: S314 -- this build wrote it
    entries = feed.findall(f"{atom}entry")
    titles = [entry.findtext(f"{atom}title") for entry in entries]
    assert titles == ["November 29, 2026", "November 21, 2026"]
    assert feed.findtext(f"{atom}updated") == "2026-11-29T00:00:00+00:00"
    anchors = [entry.findtext(f"{atom}id").partition("#") for entry in entries]
    page = dated.read("_site/changelog.html")
    assert all(address == f"{ADDRESS}changelog.html" for address, _, _ in anchors)
    assert all(f'<section id="{anchor}">' in page for _, _, anchor in anchors)
    texts = [entry.findtext(f"{atom}content") for entry in entries]
    assert f'href="{ADDRESS}signals.html#signals"' in texts[0]
    assert "The <em>first</em> version." in texts[1]
    for page, href in {"index": "./changelog.atom", "proofs/signals": "../changelog.atom"}.items():
        assert f'title="Changelog" href="{href}">' in dated.read(f"_site/{page}.html")


def test_changelog_heading_without_a_date_fails_the_build(dated):
    """A month is no date."""
    dated.replace("docs/changelog.md", "November 21, 2026", "November 2026")

    [complaint] = dated.build()
    assert "November 2026 is no date such as November 29, 2026." in complaint


def test_lost_address_page_works_from_anywhere(site):
    """No link, script or form of the page depends on the address that was lost."""
    assert site.build(html_baseurl=ADDRESS) == []
    page = site.read("_site/404.html")
    targets = re.findall(r' (?:href|src|action|data-content_root)="([^#"]*)', page)
    assert "/guide/signals.html" in targets
    assert "/guide/search.html" in targets
    assert [t for t in targets if t and not t.startswith(("/guide/", "https://"))] == []


def test_page_has_a_markdown_twin(site):
    """Links, lists, a note, a table and a measurement; no markup of Sphinx is left."""
    site.write("docs/stop.md", RICH)
    site.write("docs/_data/stop.json", DATA)
    site.replace("docs/index.md", "signals\n", "signals\nstop\n")

    assert site.build() == []
    assert site.read("_site/stop.md") == TWIN
    file = "[`Dockerfile`](raw/signals/exec/Dockerfile):\n\n```docker\nFROM scratch\n```"
    assert site.read("_site/signals.md") == f"# Signals\n\n{file}\n\nIt starts.\nIt `stops`. ○\n"
    link = '<link rel="alternate" type="text/markdown" href="stop.md">'
    assert link in site.read("_site/stop.html")
    items = "- [Signals](signals.md)\n- [Stop it](stop.md): How to stop a container.\n"
    assert site.read("_site/llms.txt").endswith(items)


def test_sums_match_the_downloads(site):
    """sha256sum accepts every file, and no file of the folder is missing in the list."""
    site.write("snippets/signals/shell.compose.yaml", "services: {}\n")
    other = "```{literalinclude} ../snippets/signals/shell.compose.yaml\n```\n"
    site.write("docs/signals.md", site.read("docs/signals.md") + other)

    assert site.build() == []
    raw = site.root / "_site/raw"
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=raw, check=False, capture_output=True, text=True)
    files = [p.relative_to(raw).as_posix() for p in sorted(raw.rglob("*")) if p.is_file()]
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{file}: OK" for file in files if "/" in file]
    assert len(files) == 3


def program(name, *arguments, cwd=ROOT) -> subprocess.CompletedProcess:
    """Run a program that pyproject.toml installs."""
    command = [Path(sys.executable).with_name(name), *arguments]
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
