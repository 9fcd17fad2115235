"""Reload Gunicorn while eight persistent connections send requests and a new one has sent none.

Prints the kinds of connections that lost a request: `new`, `persistent`.
"""

import http.client
import os
import signal
import time


def connect():
    """Return an open connection, on which nothing has been sent."""
    client = http.client.HTTPConnection("127.0.0.1", 8000, timeout=60)
    client.connect()
    return client


def stays_open(client):
    """Send a request, and return whether the server keeps the connection open."""
    client.request("GET", "/")
    response = client.getresponse()
    response.read()
    return not response.will_close


persistent, new, lost = [connect() for _ in range(8)], connect(), []
for client in persistent:
    stays_open(client)
os.kill(1, signal.SIGHUP)
while persistent:
    time.sleep(0.05)
    client = persistent.pop(0)
    try:
        if stays_open(client):
            persistent.append(client)
    except (OSError, http.client.HTTPException):
        lost.append("persistent")
try:
    stays_open(new)
except (OSError, http.client.HTTPException):
    lost.append("new")
print(*sorted(set(lost)))
