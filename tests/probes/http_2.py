"""Send a request to port 8000 over HTTP/2; print TLS's protocol, and the status or `closed`."""

import socket
import ssl

from h2.connection import H2Connection
from h2.events import ResponseReceived

context = ssl.create_default_context(cafile="/run/tls/cert.pem")
context.set_alpn_protocols(["h2", "http/1.1"])
tcp = socket.create_connection(("127.0.0.1", 8000), 60)
tls = context.wrap_socket(tcp, server_hostname="127.0.0.1")
print(tls.selected_alpn_protocol())
client = H2Connection()
client.initiate_connection()
request = {":method": "GET", ":path": "/health/", ":authority": "127.0.0.1", ":scheme": "https"}
client.send_headers(1, list(request.items()), end_stream=True)
tls.sendall(client.data_to_send())
answer = None
while answer is None:
    data = tls.recv(65535)
    if not data:
        answer = "closed"
    for event in client.receive_data(data):
        if isinstance(event, ResponseReceived):
            answer = dict(event.headers)[b":status"].decode()
print(answer)
