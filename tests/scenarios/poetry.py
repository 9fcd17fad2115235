"""The sample project with a Poetry lock file, as docs/more-lock-files.md expects."""

import json
import shutil

import pytest
from filelock import FileLock

from harness import PROJECT
from scenarios.fresh import REQUIREMENTS

FILE = "more-lock-files/poetry.Dockerfile"
PYPROJECT = """
[project]
name = "site"
version = "0"
requires-python = ">=3.14,<4"
dependencies = {}

[tool.poetry]
package-mode = false

[tool.poetry.group.dev.dependencies]
iniconfig = "2.3.1"
"""
# Poetry uses the package index's pages for pip, which every mirror has.
LOCK = """
FROM python:3.14-slim AS lock
RUN --mount=type=cache,target=/root/.cache/pip pip install poetry==2.5.1
WORKDIR /app
COPY pyproject.toml .
RUN poetry source add --priority=primary pages \\
    "$(python -c 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)')" \\
 && REQUESTS_CA_BUNDLE=${SSL_CERT_FILE:-} poetry lock
FROM scratch
COPY --from=lock /app/pyproject.toml /app/poetry.lock /
"""


@pytest.fixture(scope="session")
def poetry_locked(builder, tmp_path_factory):
    """Lock the sample project with two more packages, once per run.

    One is for development only; WhiteNoise is for a new project with the production settings.
    """
    folder = builder.shared / "poetry-locked"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            context = tmp_path_factory.mktemp("to-lock-by-poetry")
            asked = (PROJECT / "requirements.txt").read_text().partition("#")[0].split()
            asked += [line for line in REQUIREMENTS.split() if "whitenoise" in line]
            pyproject = {"pyproject.toml": PYPROJECT.format(json.dumps(asked))}
            files = builder.files(LOCK, pyproject, context)
            made = shutil.copytree(PROJECT, f"{folder}.new")
            shutil.copytree(files, made, dirs_exist_ok=True)
            shutil.move(made, folder)
    return folder
