"""The sample project, locked by uv as docs/dependencies.md tells."""

import shutil
import subprocess

import pytest
from filelock import FileLock

from harness import PROJECT, SNIPPETS

UV = "dependencies/uv.Dockerfile"
LOCK = """
FROM python:3.14-slim AS lock
WORKDIR /app
COPY requirements.txt lock.sh .
RUN --mount=from=ghcr.io/astral-sh/uv:0.13.8,source=/uv,target=/bin/uv \\
    ./lock.sh && uv add --dev iniconfig==2.3.1
FROM scratch
COPY --from=lock /app/pyproject.toml /app/uv.lock /
"""


@pytest.fixture(scope="session")
def locked(docker, builder, tmp_path_factory):
    """Lock the sample project as the page tells, with a development package, once a run."""
    folder = builder.shared / "locked"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            context = tmp_path_factory.mktemp("to-lock")
            shutil.copy(PROJECT / "requirements.txt", context)
            shutil.copy(SNIPPETS / "dependencies/lock.sh", context)
            (context / "Dockerfile").write_text(LOCK)
            builder.have_bases(context / "Dockerfile")
            command = [*docker.client_config.docker_cmd, "build", "--quiet", "--output"]
            subprocess.check_call([*command, f"{folder}.files", context])
            shutil.copytree(PROJECT, folder)
            shutil.copytree(f"{folder}.files", folder, dirs_exist_ok=True)
    return folder
