"""The sample project's URLs, and views that print, log and query, for proofs about logs."""

import logging

from core.statements import urlpatterns as statements
from core.urls import urlpatterns as core
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


urlpatterns = [path("talk/", talk), path("say/", say), *statements, *core]
