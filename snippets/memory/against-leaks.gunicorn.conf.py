"""Replace each worker after 1000 to 1100 requests."""

max_requests = 1000
max_requests_jitter = 100
