"""Serve the sum of what all workers have counted."""

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

registry = CollectorRegistry()
MultiProcessCollector(registry)
_, thread = start_http_server(9000, registry=registry)
thread.join()
