"""Write the lines of logs.py as JSON, one object a line."""

import logs
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter


class Fields(JsonFormatter):
    """Split a line of Gunicorn's access log into fields."""

    def add_fields(self, log_data, record, message_dict):
        """Add the fields of one line."""
        super().add_fields(log_data, record, message_dict)
        if record.name != "gunicorn.access":
            return
        # Gunicorn has put a backslash before each quote: JSON needs the original.
        seen = {
            key: value.replace('\\"', '"') if isinstance(value, str) else value
            for key, value in record.args.items()
        }
        log_data |= {
            "message": seen["r"],
            "client": seen.get("{x-forwarded-for}i", seen["h"]),
            "method": seen["m"],
            "path": seen["U"],
            "status": int(seen["s"]),
            "bytes": seen["B"],
            "seconds": float(seen["L"]),
            "user_agent": seen["a"],
            "referer": seen["f"],
        }


FORMATTER = {
    "()": Fields,
    "fmt": ["levelname", "name", "process", "request_id", "message"],
    "rename_fields": {
        "levelname": "level",
        "name": "logger",
        "status_code": "status",
        "exc_info": "traceback",
    },
    # Django adds the whole request to a line about an error.
    "reserved_attrs": [*RESERVED_ATTRS, "request"],
    "timestamp": "time",
}
LOGGING = {**logs.LOGGING, "formatters": {"line": FORMATTER}}
