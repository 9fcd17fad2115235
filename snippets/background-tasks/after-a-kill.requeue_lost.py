"""Save this as requeue_lost.py in core/management/commands."""

from datetime import timedelta

from django.core.management.base import BaseCommand
from django.tasks import TaskResultStatus
from django.utils import timezone
from django_tasks_db.models import DBTaskResult


class Command(BaseCommand):
    """Let tasks run again whose worker was killed."""

    def add_arguments(self, parser):
        """Ask for a time that no task takes."""
        parser.add_argument("--minutes", type=int, required=True)

    def handle(self, *, minutes, **_):
        """Make the tasks that have run for longer than that ready again."""
        lost = DBTaskResult.objects.filter(
            status=TaskResultStatus.RUNNING,
            started_at__lt=timezone.now() - timedelta(minutes=minutes),
        )
        count = lost.update(status=TaskResultStatus.READY)
        self.stdout.write(f"{count} ready again")
