"""Print how many seconds a request takes while another client is connected and sends nothing."""

import http.client
import socket
import time

ADDRESS = ("127.0.0.1", 8000)


def ask() -> float:
    """Send a request, and return the seconds until its response arrives."""
    start = time.monotonic()
    client = http.client.HTTPConnection(*ADDRESS)
    client.request("GET", "/health/")
    client.getresponse().read()
    return time.monotonic() - start


ask()
with socket.create_connection(ADDRESS):
    time.sleep(0.5)  # until then, Gunicorn may accept another client
    print(ask())
    time.sleep(10)
