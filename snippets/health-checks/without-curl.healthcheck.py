"""Exit with code 0 if a worker returns 200 within two seconds, otherwise with 1."""

import sys
from http import HTTPStatus
from http.client import HTTPConnection

connection = HTTPConnection("127.0.0.1", 8000, timeout=2)
connection.request("GET", "/health/live")
status = connection.getresponse().status
if status != HTTPStatus.OK:
    sys.exit(f"/health/live returned {status}")
