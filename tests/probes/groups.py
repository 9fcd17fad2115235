"""A reader's own task, and a view that enqueues it: each run of the task adds a group."""

from uuid import uuid4

from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

try:
    from celery import shared_task as task
except ImportError:
    from django.tasks import task


@task
def add_group(name):
    """Add a group whose name also identifies this run."""
    Group.objects.create(name=f"{name} {uuid4().hex}")


@csrf_exempt
def enqueue(_):
    """Enqueue a task, with Celery or with Django."""
    send = getattr(add_group, "delay", None) or add_group.enqueue
    send(uuid4().hex)
    return HttpResponse("enqueued")


urlpatterns = [path("groups/", enqueue)]
