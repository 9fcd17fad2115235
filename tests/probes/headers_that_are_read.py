"""Print the names of the proxy headers that Gunicorn and Django read, as JSON."""

import json
import re
from pathlib import Path

import django
from gunicorn.config import Config

config = Config()
names = {*config.secure_scheme_headers, *config.forwarder_headers}
for path in Path(django.__file__).parent.rglob("*.py"):
    names.update(re.findall(r"[\"']HTTP_(X_\w+)[\"']", path.read_text()))
print(json.dumps(sorted(name.replace("-", "_") for name in names)))
