"""The measurement of docs/json-logs.md: what an access log costs a request."""

from scenarios.logged import APP, CONF, as_json, changes
from scenarios.overhead import COLUMNS, overhead

SILENT = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--threads", "2"]
SILENT += ["--worker-tmp-dir", "/dev/shm", "--no-control-socket"]


def bench_json_logs(build, run, measured):
    """Compare the app image without an access log with three kinds of access logs."""
    text = build(APP, files=["logging/text.logs.py", CONF], changes=changes())
    setups = {
        "no access log": [build(APP), *SILENT],
        "Gunicorn's own access log": [build(APP)],
        "text, with a request ID": [text],
        "JSON, with a request ID": [build(APP, **as_json())],
    }

    measured("overhead", COLUMNS, overhead(run, setups))
