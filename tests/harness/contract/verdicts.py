"""How a requirement fails: in one line, with the page that fixes it."""

import re

import pytest


def require(fact: object, line: str, page: str) -> None:
    """Fail in one line unless a fact holds: what is wrong, and which page fixes it."""
    if not fact:
        pytest.fail(f"{line}: {page}", pytrace=False)


def quoted(lines: list[str]) -> str:
    """Return the last line that names an exception, or otherwise the last one, in quotes."""
    said = [line.strip() for line in lines if line.strip()]
    causes = [line for line in said if re.match(r"[\w.]*(Error|ImproperlyConfigured): ", line)]
    return f'"{(causes or said)[-1]}"' if said else "and says nothing"
