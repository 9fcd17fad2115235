"""Save this as check_tasks.py in core/management/commands."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

LIMIT = timedelta(minutes=5)


class Command(BaseCommand):
    """Fail if no worker has started a task for too long after it could run."""

    def handle(self, **_):
        """Look for a task that is waiting, but not for a time that it was given."""
        now = timezone.now()
        late = DBTaskResult.objects.ready().filter(enqueued_at__lt=now - LIMIT)
        if late.exclude(run_after__range=(now - LIMIT, now)).exists():
            message = f"a task has waited for more than {LIMIT}"
            raise CommandError(message)
