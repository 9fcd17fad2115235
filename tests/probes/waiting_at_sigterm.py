"""Send SIGTERM to Gunicorn while waiting_app.py handles requests and five more wait.

The argument is how many requests Gunicorn handles at once. Prints how many get a 200.
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path

clients = [socket.create_connection(("127.0.0.1", 8000)) for _ in range(int(sys.argv[1]) + 5)]
for client in clients:
    client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
time.sleep(2)  # gthread accepts all of them, and sync only one
os.kill(1, signal.SIGTERM)
time.sleep(2)  # the signal reaches the worker before the first response
Path("/tmp/queued").touch()
responses = []
for client in clients:
    try:
        responses.append(client.recv(100).startswith(b"HTTP/1.1 200"))
    except ConnectionResetError:
        responses.append(False)
    client.close()
print(sum(responses))
