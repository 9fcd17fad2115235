"""Send two requests to waiting_app.py, let it respond to the first, and print both responses."""

import pathlib
import socket
import time


def ask():
    """Send a request once the worker listens, and return its connection."""
    while True:
        try:
            client = socket.create_connection(("127.0.0.1", 8000))
            break
        except ConnectionRefusedError:  # the worker does not listen yet
            time.sleep(0.1)
    client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return client


clients = [ask(), ask()]
pathlib.Path("/tmp/queued").touch()
for client in clients:
    try:
        print(client.recv(100).decode().partition("\r\n")[0])
    except OSError as error:
        print(type(error).__name__)
    client.close()
