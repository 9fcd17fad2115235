"""Health checks that need no Host: put "core.health.middleware" first in MIDDLEWARE."""

from collections.abc import Callable
from importlib import import_module

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def middleware(get_response: Handler) -> Handler:
    """Respond to /health/live and /health/ready, and pass other requests on."""
    import_module(settings.ROOT_URLCONF)  # broken URLs stop the start, not every page

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path == "/health/live":
            return HttpResponse("live", content_type="text/plain")
        if request.path == "/health/ready":
            return ready()
        return get_response(request)

    return answer


def ready() -> HttpResponse:
    """Ask the database: a connection that is open already may be dead."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return HttpResponse("no database", status=503, content_type="text/plain")
    return HttpResponse("ready", content_type="text/plain")
