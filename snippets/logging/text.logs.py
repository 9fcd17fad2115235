"""One logging configuration for Django and Gunicorn, which both import."""

import logging
import os
import re
import time
from contextvars import ContextVar
from uuid import uuid4

LEVEL = os.environ.get("LOG_LEVEL", "INFO").upper()
SLOW = float(os.environ.get("SLOW_REQUEST", "1"))  # seconds
FORMAT = "%(asctime)s [%(process)d] [%(levelname)s] [%(request_id)s] %(message)s"
request_id = ContextVar("request_id", default="-")


def middleware(get_response):
    """Go first in MIDDLEWARE: use the proxy's request ID, or make one."""

    def handle(request):
        sent = request.headers.get("X-Request-ID", "")
        # Any other text could look like a part of the line.
        known = re.fullmatch(r"[0-9A-Za-z-]{8,64}", sent)
        request_id.set(sent if known else uuid4().hex)
        response = get_response(request)
        response["X-Request-ID"] = request_id.get()
        return response

    return handle


class UTC(logging.Formatter):
    """Write each time in UTC, because Django changes the zone of the workers."""

    converter = time.gmtime


class Request(logging.Filter):
    """Add the request ID, drop healthy checks, and mark slow requests."""

    def filter(self, record):
        """Return false for a line that is not to be written."""
        record.request_id = request_id.get()
        if record.name == "gunicorn.access":
            seen = record.args  # the values of access_log_format
            record.request_id = seen.get("{x-request-id}o", "-")
            if str(seen["U"]).startswith("/health/") and seen["s"] == "200":
                return False
            if seen["D"] >= SLOW * 1_000_000:
                record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": UTC,
            "format": FORMAT,
            "datefmt": "[%Y-%m-%d %H:%M:%S %z]",
        },
    },
    "filters": {"request": {"()": Request}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request"],
        },
    },
    "loggers": {
        "django": {"handlers": [], "level": LEVEL},
        "gunicorn.error": {"handlers": [], "level": LEVEL, "propagate": True},
        "gunicorn.access": {"handlers": [], "level": "INFO", "propagate": True},
    },
    "root": {"handlers": ["console"], "level": LEVEL},
}
