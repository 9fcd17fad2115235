"""Time limits in seconds; databases and HTTP clients get shorter ones."""

timeout = 30  # a sync worker that is busy for longer is killed
graceful_timeout = 35  # a stop waits so long for the requests under way
keepalive = 75  # longer than the proxy keeps an idle connection
