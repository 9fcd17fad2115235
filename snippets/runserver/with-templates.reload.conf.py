"""For development: reload when code changes, or a template that exists at startup."""

from pathlib import Path

reload = True
reload_extra_files = [str(path) for path in Path().rglob("*.html")]
