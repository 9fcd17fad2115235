"""For development: reload when code changes, or a template that was there."""

from pathlib import Path

reload = True
reload_extra_files = [str(path) for path in Path().rglob("*.html")]
