"""A URLconf whose views wait forever, each for something else."""

import socket
import threading
from urllib.request import urlopen

from django.db import connection
from django.http import HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

silent = socket.create_server(("127.0.0.1", 0))
taken = threading.Lock()
taken.acquire()
never = threading.Event()


def price(_request, timeout=None):
    """Call a service that accepts the connection, but never responds."""
    address = "http://{}:{}/".format(*silent.getsockname())
    return HttpResponse(urlopen(address, timeout=timeout))  # noqa: S310


def query(_request):
    """Let the database wait for an hour."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(3600)")
    return HttpResponse("slept")


def lock(_request):
    """Wait for a lock that is never released."""
    with taken:
        return HttpResponse("released")


def event(_request):
    """Wait for what no thread ever does."""
    never.wait()
    return HttpResponse("done")


@csrf_exempt
def upload(request):
    """Read a body, of which the client sends only the beginning."""
    return HttpResponse(request.body)


urlpatterns = [
    path("price/", price),
    path("price/<int:timeout>/", price),
    path("query/", query),
    path("lock/", lock),
    path("event/", event),
    path("upload/", upload),
    path("", include("core.urls")),
]
