"""Save this as alone.py in core/management/commands."""

from argparse import REMAINDER
from zlib import crc32

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    """Run another command, unless it is running already, on this or another machine."""

    def add_arguments(self, parser):
        """Ask for the command and its arguments."""
        parser.add_argument("command", nargs=REMAINDER)

    def handle(self, *, command, **_):
        """Take the lock of that command, which the end of the connection releases."""
        key = crc32(command[0].encode())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
            [locked] = cursor.fetchone()
        if locked:
            call_command(*command)
        else:
            self.stderr.write(f"{command[0]} is running already")
