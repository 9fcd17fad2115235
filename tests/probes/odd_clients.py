"""Open odd connections, and measure how long an ordinary request waits with and without them."""

import http.client
import json
import socket
import sys
import threading
import time

host, port, patience, stay, counts = map(json.loads, sys.argv[1:])
GET = b"GET /health/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /notes/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntext="
STREAM = b"GET /stream/3000/0/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
FIRST = {"says nothing": b"", "sends half a request": GET, "uploads slowly": POST + FORM}
FIRST |= {"reads slowly": STREAM, "does not close": GET + b"Connection: close\r\n\r\n"}


def connect(first):
    """Open a connection with a small buffer, and send its first bytes."""
    odd = socket.socket()
    odd.settimeout(60)
    odd.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    odd.connect((host, port))
    odd.sendall(first)
    return odd


def go_on():
    """Keep the odd connections slow."""
    while True:
        time.sleep(0.2)
        for kind, odd in odds:
            try:
                if kind == "uploads slowly":
                    odd.sendall(b"x")
                if kind == "reads slowly":
                    odd.recv(1)
            except OSError:
                pass


def ask():
    """Return the seconds that an ordinary request takes, or None at the timeout."""
    start = time.monotonic()
    try:
        other = http.client.HTTPConnection(host, port, timeout=patience)
        other.request("GET", "/health/", headers={"Host": "127.0.0.1"})
        assert other.getresponse().read() == b"ok"
        other.close()
    except TimeoutError:
        return None
    return time.monotonic() - start


ask()
odds = [(kind, connect(FIRST[kind])) for kind, count in counts.items() for _ in range(count)]
for kind, odd in odds:
    if kind == "does not close":
        assert odd.recv(4096)
threading.Thread(target=go_on, daemon=True).start()
time.sleep(0.5)
answers = [ask()]
time.sleep(stay)
for _, odd in odds:
    odd.close()
print(json.dumps([*answers, ask()]))
