"""Print, as JSON, the installed versions of Python, Django and Gunicorn in an image."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version

found = {"Python": platform.python_version()}
for name in "Django", "Gunicorn":
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        continue
print(json.dumps(found))
