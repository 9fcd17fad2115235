"""Celery tasks that leave a note when they begin and when they end, and views that send them."""

import json
import os
import signal
import time

from celery import shared_task
from core.models import Note
from django.db import connections, transaction
from django.http import HttpResponse
from django.urls import path


def work(text, seconds):
    """Run for this many seconds, unless a note ends the task earlier.

    With a negative number, the first run's process is killed, as by the kernel.
    """
    Note.objects.create(text=f"{text} began")
    if seconds < 0 and Note.objects.filter(text=f"{text} began").count() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not Note.objects.filter(text=f"{text} go").exists():
        time.sleep(0.1)
    Note.objects.create(text=f"{text} ended")


@shared_task
def page(text, seconds):
    """Run with the page's settings."""
    work(text, seconds)


@shared_task(reject_on_worker_lost=False)
def late(text, seconds):
    """Run with acks_late only."""
    work(text, seconds)


@shared_task(acks_late=False)
def early(text, seconds):
    """Run with Celery's defaults."""
    work(text, seconds)


@shared_task
def tick():
    """Leave a note."""
    Note.objects.create(text="tick")


@shared_task
def connect(text, _):
    """Leave a note of the child process, and of its connection to each database."""
    backends = {}
    for connection in connections.all():
        connection.ensure_connection()
        backends[connection.alias] = connection.connection.info.backend_pid
    Note.objects.create(text=f"{text} {json.dumps([os.getpid(), backends])}")


KINDS = {"page": page, "late": late, "early": early, "connect": connect}


def send(request, kind, count, text, seconds):
    """Send tasks of a kind, as a view does, to Celery's queue or another one."""
    queue = request.GET.get("queue")
    for number in range(count):
        KINDS[kind].apply_async((f"{text}-{number}", int(seconds)), queue=queue)
    return HttpResponse("sent")


def roll_back(_, text):
    """Send two tasks in a transaction that fails, in both of Celery's ways."""
    with transaction.atomic():
        page.delay(f"{text} delay", 0)
        page.delay_on_commit(f"{text} delay_on_commit", 0)
        message = "the rest of the view fails"
        raise RuntimeError(message)


urlpatterns = [
    path("jobs/<str:kind>/<int:count>/<str:text>/<str:seconds>/", send),
    path("roll-back/<str:text>/", roll_back),
]
