"""A URLconf whose views show what a request does with its database connection."""

import os
import time

from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse
from django.urls import include, path


def value(sql, *parameters):
    """Return the single value that a query returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


def backend(_request):
    """Respond with the Gunicorn process and the PostgreSQL process that the request uses."""
    return JsonResponse({"worker": os.getpid(), "backend": value("SELECT pg_backend_pid()")})


def query(_request, seconds):
    """Make the database wait."""
    value("SELECT pg_sleep(%s)", seconds)
    return HttpResponse("slept")


def think(_request, seconds):
    """Keep a transaction open while the view waits for something else."""
    with transaction.atomic():
        value("SELECT 1")
        time.sleep(seconds)
        value("SELECT 1")
    return HttpResponse("slept")


urlpatterns = [
    path("backend/", backend),
    path("query/<int:seconds>/", query),
    path("think/<int:seconds>/", think),
    path("", include("core.urls")),
]
