"""Read the database password from a mounted file."""

import os
from pathlib import Path

import dj_database_url

DATABASES = {"default": dj_database_url.config(default="sqlite:///db.sqlite3")}
if password_file := os.environ.get("POSTGRES_PASSWORD_FILE"):
    DATABASES["default"]["PASSWORD"] = Path(password_file).read_text().strip()
