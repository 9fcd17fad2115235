"""A module of a private package."""

OPEN = True
