"""The proofs of docs/troubleshooting/mixed-time-zones.md."""

import re

ENTRY = "troubleshooting/mixed-time-zones"
INDIA = "Asia/Kolkata"
SETTINGS = f'from core.settings import *\nTIME_ZONE = "{INDIA}"\n'
GUNICORN = "exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
SERVE = ["sh", "-c", f"echo '{SETTINGS}' > /tmp/india.py; {GUNICORN}"]
IN_INDIA = {"DJANGO_SETTINGS_MODULE": "india", "PYTHONPATH": "/tmp"}
DEMO = ["gunicorn", "wsgiref.simple_server:demo_app", "--bind", "0.0.0.0:8000"]


def test_time_zone_of_django_reaches_its_workers_alone(plain_image, run, replay):
    """The line before Django loads is in UTC, but the line after it is not."""
    container = run(plain_image, *SERVE, env=IN_INDIA)
    container.get("/fail/")
    container.wait_for_log("Internal Server Error")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_tz_moves_the_lines_of_gunicorn(plain_image, run):
    """All of Gunicorn's lines use the time zone in TZ."""
    container = run(plain_image, *DEMO, env={"TZ": INDIA})

    log = container.wait_for_log("Booting worker")
    assert set(re.findall(r"[+-]\d{4}(?=\])", log)) == {"+0530"}
