"""How a requirement fails: in one line, with the address of the page that fixes it."""

import re

import pytest


def require(fact: object, line: str, page: str) -> None:
    """Fail in one line unless the fact holds: the problem, and the page that fixes it."""
    if not fact:
        pytest.fail(f"{line}: {page}", pytrace=False)


def quoted(lines: list[str]) -> str:
    """Return, in quotes, the last line that names an exception, or otherwise the last line."""
    said = [line.strip() for line in lines if line.strip()]
    causes = [line for line in said if re.match(r"[\w.]*(Error|ImproperlyConfigured): ", line)]
    return f'"{(causes or said)[-1]}"' if said else "and says nothing"
