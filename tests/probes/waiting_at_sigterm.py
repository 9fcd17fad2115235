"""Send five requests to busy workers, then SIGTERM to Gunicorn, and print how many got a 200."""

import os
import signal
import socket
import time

clients = [socket.create_connection(("127.0.0.1", 8000)) for _ in range(5)]
for client in clients:
    client.sendall(b"GET /health/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
time.sleep(2)  # gthread accepts them, and sync does not
os.kill(1, signal.SIGTERM)
responses = []
for client in clients:
    try:
        responses.append(client.recv(100).startswith(b"HTTP/1.1 200"))
    except ConnectionResetError:
        responses.append(False)
    client.close()
print(sum(responses))
