"""A project like that of `django-admin startproject core .`, with the guide's settings."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from harness import SNIPPETS
from harness.texts import edited

REQUIREMENTS = (SNIPPETS / "start/first.requirements.txt").read_text()
# Brotli compresses the admin's files in each build, for 6 s of the processor: a build that no
# sentence about compression needs leaves it out. Those of the walks have it.
WITHOUT_BROTLI = edited(REQUIREMENTS, {"whitenoise[brotli]": "whitenoise"})
BLOCK = (SNIPPETS / "settings/production.settings.py").read_text()
START = """
FROM python:3.14-slim AS start
RUN pip install --no-cache-dir django=={version} \\
 && mkdir /project && django-admin startproject core /project
FROM scratch
COPY --from=start /project /
"""


@pytest.fixture(scope="session")
def startproject(builder, tmp_path_factory) -> Callable[[str], Path]:
    """Return a function that returns a fresh project for a Django version, created once per run."""

    def startproject(version: str = "6.1.3") -> Path:
        folder = builder.shared / f"startproject-{version}"
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                made = START.format(version=version)
                files = builder.files(made, {}, tmp_path_factory.mktemp("startproject"))
                shutil.copytree(files, folder)
        return folder

    return startproject


@pytest.fixture(scope="session")
def with_settings(startproject) -> Callable[..., dict[str, str]]:
    """Return a function that returns the changes that a reader makes in a fresh project.

    The reader leaves brotli out.
    """

    def with_settings(version: str = "6.1.3") -> dict[str, str]:
        settings = (startproject(version) / "core/settings.py").read_text()
        return {
            "core/settings.py": settings + BLOCK,
            "requirements.txt": edited(WITHOUT_BROTLI, {"django==6.1.3": f"django=={version}"}),
        }

    return with_settings


@pytest.fixture(scope="session")
def fresh_image(build, startproject, with_settings) -> Callable[..., str]:
    """Return a function that builds the app image for a fresh project with the guide's settings."""

    def fresh_image(version: str = "6.1.3", **changes: str) -> str:
        texts = with_settings(version) | changes
        return build("dockerfile/app.Dockerfile", project=startproject(version), changes=texts)

    return fresh_image
