"""Print what the settings of a Django project say in this container, as JSON.

It runs in the directory of manage.py; the environment or manage.py sets the settings module.
The arguments are addresses of static files, as a page links to them.
"""

import hashlib
import json
import os
import re
import sys
from pathlib import Path

here = Path()
modules = {
    str(path): re.search(r"DJANGO_SETTINGS_MODULE\W+([\w.]+)|$", path.read_text())[1]
    for path in [here / "manage.py", *here.glob("*/[aw]sgi.py"), *here.glob("*/*/[aw]sgi.py")]
}
if "DJANGO_SETTINGS_MODULE" in os.environ:
    modules = {}
elif named := next(filter(None, modules.values()), None):
    os.environ["DJANGO_SETTINGS_MODULE"] = named
sys.path.insert(0, "")

import django  # noqa: E402
from django.conf import settings  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.management.base import SystemCheckError  # noqa: E402

missing = ""
try:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
except SystemExit:
    missing = "makemigrations would write one"
except SystemCheckError as error:
    missing = str(error).splitlines()[0]

files = [
    str(database["NAME"])
    for database in settings.DATABASES.values()
    if database["ENGINE"].endswith("sqlite3")
]
root, prefix = settings.STATIC_ROOT, settings.STATIC_URL or "/static/"
paths = [path.partition(prefix)[2] for path in sys.argv[1:]]
print(
    json.dumps(
        {
            "debug": settings.DEBUG,
            "modules": modules,
            "key": hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest(),
            "read-only": [file for file in files if not os.access(Path(file).parent, os.W_OK)],
            "collected": [bool(root) and (Path(root) / path).exists() for path in paths],
            "migration": missing,
        }
    )
)
