"""Send requests for a path one by one; print the seconds, status and text of each."""

import http.client
import json
import sys
import time

answers = []
for _ in range(int(sys.argv[2])):
    start = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", 8000)
    connection.request("GET", sys.argv[1])
    response = connection.getresponse()
    text = response.read().decode()
    answers.append((time.monotonic() - start, response.status, text))
print(json.dumps(answers))
