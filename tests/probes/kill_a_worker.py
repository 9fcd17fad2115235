"""Kill one child of PID 1 that is a worker."""

import os
import signal
from pathlib import Path

for process in Path("/proc").glob("[0-9]*"):
    of_the_first = "PPid:\t1\n" in (process / "status").read_text()
    is_tracker = b"resource_tracker" in (process / "cmdline").read_bytes()
    if of_the_first and not is_tracker and process.name != str(os.getpid()):
        os.kill(int(process.name), signal.SIGKILL)
        break
