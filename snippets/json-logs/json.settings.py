"""Log JSON with the configuration that Gunicorn has, and an ID for each request."""

import json_logs

LOGGING = json_logs.LOGGING
MIDDLEWARE.insert(0, "logs.middleware")
