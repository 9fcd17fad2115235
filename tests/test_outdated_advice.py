"""The proofs of docs/outdated-advice.md."""

import shutil

from harness import SNIPPETS

EXEC_FORM = "signals/exec-form.Dockerfile"
PAGE = "outdated-advice"


def test_command_without_manage_py_is_no_file(build, replay):
    """Python treats the names of two commands as file names, and exits with code 2."""
    printed = replay(f"{PAGE}/no-manage-py.console", web=build(EXEC_FORM))

    assert printed.count("can't open file") == 2
    assert "exit code 2" in printed


def test_meinheld_does_not_install(official, replay):
    """Neither meinheld's last release nor the greenlet that it requires has a wheel."""
    official("python:3.14-slim")

    printed = replay(f"{PAGE}/meinheld.console")

    assert "Failed building wheel for meinheld" in printed
    assert "Failed building wheel for greenlet" in printed


def test_compose_ignores_the_version_key(replay, tmp_path):
    """Compose warns about the key, and starts the services of the old file."""
    shutil.copy(SNIPPETS / f"{PAGE}/wrong-old-article.compose.yaml", tmp_path / "compose.yaml")

    printed = replay(f"{PAGE}/version.console", cwd=tmp_path)

    assert "`version` is obsolete" in printed
