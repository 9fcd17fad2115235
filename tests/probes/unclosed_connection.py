"""Print how many seconds another client waits behind one that has its response but stays.

It measures five times; the second request is sent half a second after the first response.
"""

import http.client
import json
import socket
import time

ADDRESS = ("127.0.0.1", 8000)
GET = b"GET /health/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def ask(client: http.client.HTTPConnection) -> float:
    """Send a request, and return the seconds until its response arrives."""
    start = time.monotonic()
    client.request("GET", "/health/", headers={"Connection": "close"})
    assert client.getresponse().read() == b"ok"
    client.close()
    return time.monotonic() - start


def wait_behind_one() -> float:
    """Return the seconds that a client waits behind one that does not close its connection."""
    with socket.create_connection(ADDRESS) as stays:
        stays.sendall(GET)
        assert stays.recv(4096)
        time.sleep(0.5)  # until then, Gunicorn may accept another client
        return ask(http.client.HTTPConnection(*ADDRESS))


ask(http.client.HTTPConnection(*ADDRESS))
print(json.dumps([wait_behind_one() for _ in range(5)]))
