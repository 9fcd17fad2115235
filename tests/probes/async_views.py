"""The sample project with three more views: a wrong async one, an async one, and a sync one."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
application = get_asgi_application()

from core.models import Note  # noqa: E402
from core.urls import urlpatterns  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


async def wrong(_request):
    """Run a query without await."""
    return HttpResponse(Note.objects.count())


async def right(_request):
    """Run a query with the async method."""
    return HttpResponse(await Note.objects.acount())


def plain(_request):
    """Run a query in a thread."""
    return HttpResponse(Note.objects.count())


urlpatterns += [path("wrong/", wrong), path("right/", right), path("plain/", plain)]
