"""Send a request through a Unix socket, as nginx does, and print the status and the text.

ask_socket.py METHOD PATH BODY ["Name: value" ...]
"""

import http.client
import json
import socket
import sys

client = http.client.HTTPConnection("shop.example")
client.sock = socket.socket(socket.AF_UNIX)
client.sock.connect("/run/shop.sock")
method, path, body, *headers = sys.argv[1:]
client.request(method, path, body, dict(header.split(": ") for header in headers))
response = client.getresponse()
print(json.dumps([response.status, response.read().decode()]))
