"""The sample project's URLs, and a view that computes for some milliseconds, then waits."""

import time

from core.urls import urlpatterns
from django.http import HttpResponse
from django.urls import path


def mixed(_request, computing, waiting):
    """Use this much CPU time, whatever the CPU's speed, then wait as for a slow database."""
    end = time.thread_time() + computing / 1000
    while time.thread_time() < end:
        pass
    time.sleep(waiting / 1000)
    return HttpResponse("done")


urlpatterns = [*urlpatterns, path("mixed/<int:computing>/<int:waiting>/", mixed)]
