"""Log JSON as Django does, in the same stream."""

import os

import json_logs
import logs

# Docker reads stdout and stderr one by one: in a single stream, lines keep their order.
os.dup2(1, 2)
logconfig_dict = json_logs.LOGGING


def post_request(worker, req, environ, resp):
    """Forget the request ID, because the thread may log a line between two requests."""
    logs.request_id.set("-")
