"""Read the key from a mounted file; without one, as in a build, from the environment."""

import os
from pathlib import Path

SECRET_KEY_FILE = Path("/run/secrets/secret_key")
if SECRET_KEY_FILE.exists():
    SECRET_KEY = SECRET_KEY_FILE.read_text().strip()
else:
    SECRET_KEY = os.environ["SECRET_KEY"]
