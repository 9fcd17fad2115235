"""The proofs of docs/maintaining.md."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from harness import ROOT, SNIPPETS
from harness.texts import edited

WORKFLOW, DEPENDABOT = ".github/workflows/guide.yml", ".github/dependabot.yml"
LINTERS = [
    ["zizmor", "--offline", "--persona=pedantic", "."],
    ["jactionlint", "--strict-exit", "--shellcheck=", "--pyflakes=", WORKFLOW, DEPENDABOT],
]


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
    done = program("mypy", "docs/_ext/guide")

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


def program(name, *arguments, cwd=ROOT) -> subprocess.CompletedProcess:
    """Run a program that pyproject.toml installs."""
    command = [Path(sys.executable).with_name(name), *arguments]
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
