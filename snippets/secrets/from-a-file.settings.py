"""Read the key from a mounted file, or from the environment during the build."""

import os
from pathlib import Path

SECRET_KEY_FILE = Path("/run/secrets/secret_key")
SECRET_KEY = os.environ.get("SECRET_KEY") or SECRET_KEY_FILE.read_text().strip()
