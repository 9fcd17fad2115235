"""Let collectstatic take what the frontend build writes."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
STATICFILES_DIRS = [BASE_DIR / "frontend/dist"]
