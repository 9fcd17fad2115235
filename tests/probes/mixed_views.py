"""The sample project's URLs, and views that compute for some milliseconds, then wait."""

import time

from core.urls import urlpatterns
from django.db import connection
from django.http import HttpResponse
from django.urls import path


def mixed(_request, computing, waiting):
    """Use this much CPU time, whatever the CPU's speed, then wait as for a slow database."""
    compute(computing)
    time.sleep(waiting / 1000)
    return HttpResponse("done")


def query(_request, computing, waiting):
    """Use this much CPU time, then run a query in PostgreSQL that takes this long."""
    compute(computing)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [waiting / 1000])
    return HttpResponse("done")


def compute(milliseconds):
    """Use this much CPU time."""
    end = time.thread_time() + milliseconds / 1000
    while time.thread_time() < end:
        pass


urlpatterns = [
    *urlpatterns,
    path("mixed/<int:computing>/<int:waiting>/", mixed),
    path("query/<int:computing>/<int:waiting>/", query),
]
