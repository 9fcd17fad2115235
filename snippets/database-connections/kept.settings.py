"""Append this: each thread keeps its connection, and Django checks it before each request."""

DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
