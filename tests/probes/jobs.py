"""Tasks that leave a note when they begin and when they end, and views that enqueue them."""

import time

from core.models import Note
from core.tasks import send_welcome
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.tasks import task
from django.urls import path


@task
def work(text, seconds):
    """Run for this many seconds, unless a note ends the task earlier."""
    Note.objects.create(text=f"{text} began")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not Note.objects.filter(text=f"{text} go").exists():
        time.sleep(0.1)
    Note.objects.create(text=f"{text} ended")


@task
def nap(seconds):
    """Run for this many seconds, without a database."""
    time.sleep(seconds)


def enqueue(_, count, text, seconds):
    """Enqueue tasks, as a view does."""
    for number in range(count):
        work.enqueue(f"{text}-{number}", seconds)
    return HttpResponse("enqueued")


def roll_back(_, text):
    """Enqueue a task in a transaction that fails."""
    with transaction.atomic():
        work.enqueue(text, 0)
        message = "the rest of the view fails"
        raise RuntimeError(message)


def enqueue_nap(_, seconds):
    """Enqueue a task, and respond with its status."""
    return JsonResponse({"status": nap.enqueue(seconds).status})


def welcome(_, address):
    """Enqueue the page's task."""
    send_welcome.enqueue(address)
    return HttpResponse("enqueued")


urlpatterns = [
    path("jobs/<int:count>/<str:text>/<int:seconds>/", enqueue),
    path("roll-back/<str:text>/", roll_back),
    path("nap/<int:seconds>/", enqueue_nap),
    path("welcome/<str:address>/", welcome),
]
