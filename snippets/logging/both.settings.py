"""Log with the configuration that Gunicorn has, and an ID for each request."""

import logs

LOGGING = logs.LOGGING
MIDDLEWARE.insert(0, "logs.middleware")
