"""Receive spans on port 4318, where OpenTelemetry sends them by default, and print them as JSON.

record_spans.py running: send requests until both workers have sent spans, for two minutes at most.
record_spans.py stopping: send requests, kill one worker, let the others stop, and print its PID.
"""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

spans = []


class Collector(BaseHTTPRequestHandler):
    """A collector that keeps the process and the name of each span."""

    def do_POST(self):
        """Receive spans in OTLP over HTTP."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = {item.key: item.value for item in sent.resource.attributes}
            spans.extend(
                {"pid": about["process.pid"].int_value, "name": span.name}
                for scope in sent.scope_spans
                for span in scope.spans
            )
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        """Print nothing else."""


def pid():
    """Request a page, and return the worker's process ID."""
    with urlopen("http://127.0.0.1:8000/whoami/") as response:
        return json.load(response)["pid"]


server = ThreadingHTTPServer(("127.0.0.1", 4318), Collector)
threading.Thread(target=server.serve_forever, daemon=True).start()
workers = set()
while len(workers) < 2:
    workers.add(pid())
end = time.monotonic() + 120
if sys.argv[1] == "running":
    while {span["pid"] for span in spans} != workers and time.monotonic() < end:
        pid()
        time.sleep(0.2)
else:
    killed = min(workers)
    os.kill(killed, signal.SIGKILL)
    os.kill(1, signal.SIGHUP)
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        time.sleep(0.2)
    print(json.dumps({"killed": killed, "stopped": max(workers)}))
for span in spans:
    print(json.dumps(span))
