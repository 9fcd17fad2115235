"""Request a URL from inside a container, and print the body: get.py URL ["Name: value" ...]."""

import sys
from urllib.request import Request, urlopen

url, *headers = sys.argv[1:]
asked = Request(url, headers=dict(header.split(": ", 1) for header in headers))  # noqa: S310
with urlopen(asked) as response:  # noqa: S310 - a test's own URL
    print(response.read().decode())
