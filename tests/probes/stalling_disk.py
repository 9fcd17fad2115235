"""A disk that can stop responding, run inside a container: the file STALLED stalls it.

It uses the kernel's FUSE protocol, and supports as much of a file system as Python's tempfile
needs. It requires /dev/fuse, permission to mount, and `docker run --init`, because PID 1 must
not have a file on this disk; otherwise a container with a stalled disk cannot be killed.

A stalled disk leaves requests in the kernel's queue, because a process could not be killed if
its request were read but got no response.
"""

import ctypes
import errno
import os
import select
import struct
import sys
import time
from pathlib import Path

LOOKUP, GETATTR, SETATTR, UNLINK, WRITE, RELEASE, INIT, CREATE = 1, 3, 4, 10, 16, 18, 26, 35
UNANSWERED = {2, 36, 42}  # FORGET, INTERRUPT, BATCH_FORGET
FOR_EVER = 1 << 30  # seconds that the kernel caches what it was told, to read without a request
ROOT = 1
STALLED = Path("/run/stalled")
modes, times = {ROOT: 0o41777}, {ROOT: (0, 0)}  # for each file; a time is seconds and nanoseconds


def serve(place):
    """Mount the disk, and respond to the kernel until the end."""
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"disk", place.encode(), b"fuse", 0, options.encode()):
        raise OSError(ctypes.get_errno(), "the disk is not mounted")
    while True:
        select.select([device], [], [])
        while STALLED.exists():
            time.sleep(0.1)
        message = os.read(device, 1 << 20)
        operation, unique, file = struct.unpack_from("<4xI2Q", message)
        if operation not in UNANSWERED:
            error, body = answer(operation, file, message[40:])
            os.write(device, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)


def answer(operation, file, message):
    """Return an error number, or 0, and the response's body."""
    body = b""
    if operation == INIT:
        body = struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 16, 12, 4096, 1, 1, 0, *[0] * 8)
    elif operation == CREATE:
        new = max(modes) + 1
        modes[new], times[new] = 0o100600, (int(time.time()), 0)
        entry = struct.pack("<4Q2I", new, 0, FOR_EVER, FOR_EVER, 0, 0)
        body = entry + attributes(new) + bytes(16)
    elif operation in {GETATTR, SETATTR}:
        if operation == SETATTR:
            times[file] = struct.unpack_from("<40xQ12xI", message)
        body = struct.pack("<Q2I", FOR_EVER, 0, 0) + attributes(file)
    elif operation == WRITE:
        body = struct.pack("<2I", *struct.unpack_from("<16xI", message), 0)
    elif operation not in {UNLINK, RELEASE}:
        return errno.ENOENT if operation == LOOKUP else errno.ENOSYS, body
    return 0, body


def attributes(file):
    """Return the kernel's struct fuse_attr."""
    seconds, nanoseconds = times[file]
    stamps = [seconds] * 3 + [nanoseconds] * 3
    return struct.pack("<6Q10I", file, 0, 0, *stamps, modes[file], 1, 0, 0, 0, 4096, 0)


if __name__ == "__main__":
    serve(sys.argv[1])
