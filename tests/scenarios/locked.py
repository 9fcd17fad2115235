"""Projects locked with uv, as in docs/dependencies.md."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from harness import PROJECT, SNIPPETS

UV = "dependencies/uv.Dockerfile"
SCRIPT = (SNIPPETS / "dependencies/lock.sh").read_text()
LOCK = """
FROM python:3.14-slim AS lock
WORKDIR /app
COPY requirements.txt lock.sh .
RUN --mount=from=ghcr.io/astral-sh/uv:0.13.8,source=/uv,target=/bin/uv \\
    sh lock.sh && uv add --no-sync --dev iniconfig==2.3.1
FROM scratch
COPY --from=lock /app/pyproject.toml /app/uv.lock /
"""


@pytest.fixture(scope="session")
def lock(builder, tmp_path_factory) -> Callable[[str, str], Path]:
    """Return a function that locks requirements.txt with the page's script.

    It returns a directory with both files, in which the group `dev` also has a package.
    """

    def lock(requirements: str, script: str) -> Path:
        files = {"requirements.txt": requirements, "lock.sh": script}
        return builder.files(LOCK, files, tmp_path_factory.mktemp("locked"))

    return lock


@pytest.fixture(scope="session")
def locked(builder, lock) -> Path:
    """Lock the sample project, once per run."""
    folder = builder.shared / "locked"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            files = lock((PROJECT / "requirements.txt").read_text(), SCRIPT)
            shutil.copytree(PROJECT, folder)
            shutil.copytree(files, folder, dirs_exist_ok=True)
    return folder
