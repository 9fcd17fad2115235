"""Small sites, built with the guide's own settings and extensions."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr
from io import StringIO
from pathlib import Path

from sphinx.cmd.build import build_main

from harness import ROOT
from harness.texts import edited

FILES = {
    "pyproject.toml": '[project]\nversion = "2026.11"\n',
    "docs/_data/anchors.txt": "",
    "docs/_data/redirects.txt": "",
    "docs/index.md": "# Guide\n\n```{toctree}\nsignals\n```\n",
    "docs/signals.md": "# Signals\n\n```{literalinclude} ../snippets/signals/exec.Dockerfile\n```\n"
    "\nIt starts.\nIt `stops`. {proof}`it-stops`\n",
    "snippets/signals/exec.Dockerfile": "FROM scratch\n",
    "tests/test_signals.py": "def test_it_stops(record_property):\n"
    '    """The log says so."""\n'
    '    record_property("Python", "3.14.0")\n',
}


class Site:
    """A site with one topic, complete and proved; a test breaks one thing in it."""

    def __init__(self, root: Path) -> None:
        """Write the site."""
        self.root = root
        data = "docs/_data/values.toml"
        for name in ("conf.py", data, "docs/_ext", "docs/_static", "docs/_templates"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
            copy(ROOT / name, root / name)
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        """Write a file, regardless of its previous content."""
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        """Change a file that contains the old text."""
        self.write(name, edited(self.read(name), {old: new}))

    def rename(self, old: str, new: str) -> None:
        """Rename a file."""
        (self.root / old).rename(self.root / new)

    def read(self, name: str) -> str:
        """Return a file's text."""
        return (self.root / name).read_text()

    def prove(self, *options: str) -> None:
        """Run the site's tests, as far as the options allow."""
        plain = ["-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider", "-q"]
        junit = ["-o", "junit_family=xunit1", "--junit-xml=proofs.xml"]
        pytest = [sys.executable, "-B", "-m", "pytest", "--rootdir=."]
        command = [*pytest, *plain, *junit, *options, "tests"]
        subprocess.run(command, cwd=self.root, capture_output=True, check=False)

    def selects(self, arguments: str) -> list[str]:
        """Return the names of the tests that pytest would run with these arguments."""
        pytest = [sys.executable, "-B", "-m", "pytest", "--rootdir=.", "-p", "no:cacheprovider"]
        command = [*pytest, "-p", "no:randomly", "--collect-only", "-q", *arguments.split()]
        done = subprocess.run(command, cwd=self.root, capture_output=True, check=True, text=True)
        return re.findall(r"(?m)::test_(\w+)$", done.stdout)

    def build(self, *options: str, **settings: str) -> list[str]:
        """Build the site strictly; return its errors, of which there are none if it is built."""
        given = [*options, *(f"-D{name}={value}" for name, value in settings.items())]
        strict = ["-n", "-W", "--keep-going", "-q", "--no-color"]
        with chdir(self.root), redirect_stderr(StringIO()) as stderr:
            code = build_main([*strict, *given, "-c", ".", "docs", "_site"])
        complaints = stderr.getvalue().replace(f"{self.root}/", "").splitlines()
        assert (code == 0) == (not complaints), complaints
        return [re.sub(r" \[[\w.]+\]$", "", line) for line in complaints]

    def changed_by(self, build: Callable[[], object], pattern: str) -> set[str]:
        """Return the files of the site that a build writes, new or not, by path."""
        before = self._times(pattern)
        build()
        return {path for path, time in self._times(pattern).items() if before.get(path) != time}

    def _times(self, pattern: str) -> dict[str, int]:
        site = self.root / "_site"
        files = site.glob(pattern)
        return {path.relative_to(site).as_posix(): path.stat().st_mtime_ns for path in files}
