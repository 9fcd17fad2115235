"""The sample project's URLs, and a view whose exception says which worker raised it."""

import os

from core.urls import urlpatterns as core
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def fail(request):
    """Raise an exception that nothing catches."""
    message = f"worker {os.getpid()}"
    raise RuntimeError(message)


urlpatterns = [path("fail/", fail), *core]
