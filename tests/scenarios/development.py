"""The development server and Gunicorn with reload, and a file that changes under them."""

import httpx

EXEC_FORM = "signals/exec-form.Dockerfile"
RUNSERVER = ["python", "manage.py", "runserver", "0.0.0.0:8000"]
GUNICORN = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
READY = "more information on production servers"  # the last line of its startup
LOCAL = {"PYTHONUNBUFFERED": "1", "DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
VIEWS, TEMPLATE = "core/views.py", "core/templates/core/home.html"


def change_inside(container, path, old, new):
    """Change a file in the container, as in a mounted directory."""
    container.handle.execute(["sed", "-i", f"s|{old}|{new}|", path], user="0")


def text(container, path):
    """Return a page's text, or nothing while the server restarts."""
    try:
        return container.get(path).text
    except httpx.TransportError:
        return ""
