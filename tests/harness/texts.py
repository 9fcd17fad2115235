"""Texts of the guide, changed a little for a test."""

import pytest


def edited(text: str, changes: dict[str, str]) -> str:
    """Return the text with each key of `changes` replaced by its value.

    A key must be in the text exactly once. Otherwise the test would run the unchanged text, or
    one that is changed where nobody looked.
    """
    for old, new in changes.items():
        if (found := text.count(old)) != 1:
            message = f"a test edits this, and it is in the text {found} times, not once: {old!r}"
            pytest.fail(message, pytrace=False)
        text = text.replace(old, new)
    return text
