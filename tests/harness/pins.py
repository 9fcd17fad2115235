"""Writes the versions of all indirect dependencies to pyproject.toml.

    uv run tests/harness/pins.py

Like the guide's Dependabot file, it uses releases only after seven days; UV_EXCLUDE_NEWER
sets another age.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

FILE = Path("pyproject.toml")
COMPILE = ["pip", "compile", "--no-config", "--universal", "--group", "dev"]
PLAIN = ["--no-header", "--no-annotate", "--quiet"]


def pins(pyproject: dict[str, Any]) -> list[str]:
    """Return the packages that uv resolves for all Pythons and systems, except the direct ones."""
    oldest = ["--python-version", pyproject["project"]["requires-python"].removeprefix(">=")]
    command = [os.environ.get("UV", "uv"), *COMPILE, *PLAIN, *oldest]
    environ = {"UV_EXCLUDE_NEWER": "7 days", **os.environ}
    done = subprocess.run(command, env=environ, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{FILE} is as it was, because uv found no set of versions: its reason is above")
    return [
        line
        for line in done.stdout.splitlines()
        if line not in pyproject["dependency-groups"]["dev"]
    ]


def main() -> None:
    """Replace the list."""
    text = FILE.read_text()
    lines = "".join(f'  "{pin}",\n' for pin in pins(tomllib.loads(text)))
    new = re.sub(r"(?ms)^(constraint-dependencies = \[\n).*?(?=^\])", rf"\g<1>{lines}", text)
    FILE.write_text(new)


if __name__ == "__main__":
    main()
