"""Send a hundred requests, one after another, and print how many got no response."""

import http.client

lost = 0
for _ in range(100):
    client = http.client.HTTPConnection("127.0.0.1", 8000, timeout=60)
    try:
        client.request("GET", "/")
        client.getresponse().read()
    except (OSError, http.client.HTTPException):
        lost += 1
    client.close()
print(lost)
