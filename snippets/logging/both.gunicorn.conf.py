"""Log as Django does: the same lines, in the same stream."""

import os

import logs

# Docker reads stdout and stderr one by one: in a single stream, lines keep their order.
os.dup2(1, 2)
logconfig_dict = logs.LOGGING
access_log_format = '%({x-forwarded-for}i)s "%(r)s" %(s)s %(b)s %(L)ss'


def post_request(worker, req, environ, resp):
    """Forget the request ID, because the thread may log a line between two requests."""
    logs.request_id.set("-")
