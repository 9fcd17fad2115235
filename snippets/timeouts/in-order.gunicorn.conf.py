"""Timeouts in seconds; those of databases and HTTP clients must be shorter."""

timeout = 30  # Gunicorn kills a sync worker that is busy for longer
graceful_timeout = 35  # a graceful shutdown waits this long for in-flight requests
keepalive = 75  # longer than the proxy keeps an idle connection
