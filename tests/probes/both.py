"""Django, and next to it a path that does nothing, which shows the cost of the rest."""

from core.wsgi import application as django


def application(environ, start_response):
    """Respond to /no-op/ without Django."""
    if environ["PATH_INFO"] != "/no-op/":
        return django(environ, start_response)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
