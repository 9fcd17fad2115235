"""Send half of a request, and the rest after SIGUSR1; print the response's first line.

The arguments are the server's port and the path. It runs in the server's network.
"""

import signal
import socket
import sys
import time
from pathlib import Path

TIMEOUT = 40  # seconds: longer than Gunicorn gives a request when it stops
TABLES = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]


def is_read(client: socket.socket) -> bool:
    """Whether the server has accepted the connection, and has read everything that was sent.

    In the kernel's table, a connection that no process has accepted has no inode.
    """
    ports = [f":{client.getpeername()[1]:04X}", f":{client.getsockname()[1]:04X}"]
    lines = [line for table in TABLES if table.exists() for line in table.open()]
    for _, local, remote, _, queues, _, _, _, _, inode, *_ in map(str.split, lines[1:]):
        if [local[-5:], remote[-5:]] == ports:
            return inode != "0" and queues.endswith(":00000000")
    return False


signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), TIMEOUT)
client.sendall(f"GET {sys.argv[2]} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode())
deadline = time.monotonic() + TIMEOUT
while not is_read(client) and time.monotonic() < deadline:
    time.sleep(0.05)
print("sent one half", flush=True)
signal.sigwait([signal.SIGUSR1])
time.sleep(1)  # until every process knows that it should stop
try:
    client.sendall(b"Connection: close\r\n\r\n")
    line = client.recv(1024).decode().partition("\r\n")[0] or "nothing"
except OSError as error:
    line = str(error)
print("received", line, flush=True)
