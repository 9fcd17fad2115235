"""Texts of the guide, changed slightly for a test."""

import textwrap

import pytest

from guide.evidence import CHANGED
from harness import stands_on


def edited(text: str, changes: dict[str, str], times: int = 1) -> str:
    """Return the text with each key of `changes` replaced by its value.

    A key must be in the text exactly once, or as many `times` as the caller expects. Otherwise
    the test would use the unchanged text, or a text changed in the wrong place. The proof's page
    shows what a test changes.
    """
    for old, new in changes.items():
        if (found := text.count(old)) != times:
            message = f"{old!r} is {found} times in the text that a test edits, not {times}"
            pytest.fail(message, pytrace=False)
        text = text.replace(old, new)
        stands_on.add([(CHANGED, f"{_short(old)} → {_short(new)}")])
    return text


def _short(text: str) -> str:
    """Return a text as a proof's page shows it, in one line."""
    return textwrap.shorten(text, 60, placeholder=" …") or "(nothing)"
