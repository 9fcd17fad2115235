"""The proofs of docs/troubleshooting/exit-codes.md."""

import re

import pytest

from images import PROJECT

IMAGE = "signals/exec-form.Dockerfile"
PAGE = PROJECT.parent.parent / "docs/troubleshooting/exit-codes.md"
SERVE = "gunicorn core.wsgi --no-control-socket; true"
CRASH = "import ctypes; ctypes.string_at(0)"
ENDS = {
    1: ["gunicorn", "core.wsgi", "--worker-class", "gthreads"],
    2: ["gunicorn", "core.wsgi", "--no-such-option"],
    3: ["gunicorn", "nosuch.wsgi"],
    4: ["gunicorn", "core.wsgi:nosuch"],
    126: ["/etc/hostname"],
    127: ["gunicorm"],
    139: ["python", "-c", CRASH],
}
