"""A reader's own job: it adds a group, and ends once a group named `enough` exists."""

import time

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Add a group, whose name is unique in the database, so that a second run would fail."""

    def handle(self, **_: object) -> None:
        """Run until there is enough, for three minutes at most."""
        Group.objects.create(name="a report")
        for _ in range(1800):
            if Group.objects.filter(name="enough").exists():
                return
            time.sleep(0.1)
        message = "there was never enough"
        raise CommandError(message)
