"""Receive StatsD on port 8125, and print it until every metric in the arguments has arrived.

It goes on sending requests: Gunicorn may lose a packet, because the kernel reports to the next
one that nothing listened when the one before was sent.
"""

import socket
import sys
from urllib.request import urlopen

waiting = set(sys.argv[1:])
receiver = socket.socket(type=socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 8125))
receiver.settimeout(30)
while waiting:
    urlopen("http://127.0.0.1:8000/health/").close()
    packet = receiver.recv(1000).decode()
    print(packet)
    waiting.discard(packet.partition(":")[0])
