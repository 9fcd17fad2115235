"""A WSGI application that responds once other clients wait.

See one_is_queued.py and waiting_at_sigterm.py.
"""

import time
from pathlib import Path


def app(environ, start_response):
    """Respond with an empty body once the file exists."""
    while not Path("/tmp/queued").exists():
        time.sleep(0.1)
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
