"""Read the key from a mounted file, or from the environment, as in a build."""

import os
from pathlib import Path

SECRET_KEY_FILE = Path("/run/secrets/secret_key")
if SECRET_KEY_FILE.exists():
    SECRET_KEY = SECRET_KEY_FILE.read_text().strip()
else:
    SECRET_KEY = os.environ["SECRET_KEY"]
