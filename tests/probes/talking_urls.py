"""The sample project's URLs, and views that print, log and query, for proofs about logs."""

import logging

from core.urls import urlpatterns as core
from django.db import connection
from django.http import HttpResponse
from django.urls import path

TURNS = 200
logger = logging.getLogger(__name__)


def talk(request):
    """Print a line and log one, alternately."""
    for turn in range(TURNS):
        print("turn", 2 * turn)
        logger.info("turn %s", 2 * turn + 1)
    return HttpResponse("talked")


def say(request):
    """Log the text that the client sent."""
    logger.warning(request.GET["text"])
    return HttpResponse("said")


def sql(request):
    """Run the statement that the client sent."""
    with connection.cursor() as cursor:
        cursor.execute(request.GET["run"])
    return HttpResponse("done")


urlpatterns = [path("talk/", talk), path("say/", say), path("sql/", sql), *core]
