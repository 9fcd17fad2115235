"""Record what a Sentry SDK sends to port 8000, and return all events to GET as JSON.

After GET /hold, the server reads no event until GET /release; GET /held returns how many wait.
"""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

events, held = [], []
released = threading.Event()
released.set()


class Recorder(BaseHTTPRequestHandler):
    """A server that accepts envelopes."""

    def do_POST(self):
        """Keep the events of an envelope: each item is two lines, its header and its content."""
        if not released.is_set():
            held.append(self.path)
        released.wait()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        lines = gzip.decompress(body).splitlines()[1:]
        for header, content in zip(lines[::2], lines[1::2], strict=True):
            if json.loads(header)["type"] == "event":
                events.append(json.loads(content))
        self.answer({})

    def do_GET(self):
        """Obey, and return what has been recorded."""
        if self.path == "/hold":
            held.clear()
            released.clear()
        elif self.path == "/release":
            released.set()
        self.answer(len(held) if self.path == "/held" else events)

    def answer(self, value):
        """Send JSON."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *args):
        """Print nothing else."""


print("Recording", flush=True)
ThreadingHTTPServer(("", 8000), Recorder).serve_forever()
