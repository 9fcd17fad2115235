"""Save as migrate_alone.py in core/management/commands."""

from django.core.management.commands import migrate
from django.db import connection

LOCK = 20_261_121  # any number that nothing else in the database locks


class Command(migrate.Command):
    """Migrate PostgreSQL once no other container does."""

    def handle(self, *args, **options):
        """Wait for the lock, which goes with the connection."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        super().handle(*args, **options)
