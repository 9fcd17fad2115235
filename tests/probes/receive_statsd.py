"""Receive StatsD on port 8125, and print it until every metric in the arguments has arrived."""

import socket
import sys
from urllib.request import urlopen

waiting = set(sys.argv[1:])
receiver = socket.socket(type=socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 8125))
receiver.settimeout(30)
urlopen("http://127.0.0.1:8000/health/").close()
while waiting:
    packet = receiver.recv(1000).decode()
    print(packet)
    waiting.discard(packet.partition(":")[0])
