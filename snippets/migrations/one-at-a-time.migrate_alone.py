"""Save as migrate_alone.py in core/management/commands."""

from django.core.management.commands import migrate
from django.db import connections

LOCK = 20_261_121  # any number that nothing else in the database locks


class Command(migrate.Command):
    """Run migrations on PostgreSQL while no other container does."""

    def handle(self, *args, **options):
        """Take the lock, which the end of the connection releases."""
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SET lock_timeout = '10min'")  # for another container
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            cursor.execute("SET lock_timeout = '5s'")  # for a table in use
        super().handle(*args, **options)
