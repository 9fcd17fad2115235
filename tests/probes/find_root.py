"""Print each process in the container that has root's user ID, real or effective.

Processes from outside do not count: this program, or a health check, which is briefly root
before it becomes the container's user. Such a process has no parent in this process table.
"""

import json
import re
from pathlib import Path

root = []
for process in Path("/proc").glob("[0-9]*"):
    try:
        status = (process / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):  # the process has ended
        continue
    name, parent, uids = (re.search(f"{key}:\t(.*)", status)[1] for key in ("Name", "PPid", "Uid"))
    from_outside = parent == "0" and process.name != "1"
    if "0" in uids.split() and not from_outside:
        root.append(f"{process.name} ({name})")
print(json.dumps(root))
