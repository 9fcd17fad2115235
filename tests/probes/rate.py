"""Measure how many requests nginx handles per second: rate.py PORT PATH REQUESTS."""

import socket
import sys
import threading
import time

port, path, requests = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ONE = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def ask(count):
    """Send fifty requests at a time in one piece, to use as little CPU as possible."""
    client = socket.create_connection(("nginx", port))
    for _ in range(count // 50):
        client.sendall(ONE * 50)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 50:
            answers += client.recv(1 << 16)


def rate(count):
    """Send requests from eight clients, and return how many responses arrived per second."""
    threads = [threading.Thread(target=ask, args=[count // 8]) for _ in range(8)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.monotonic() - start)


rate(requests // 4)
print(rate(requests))
