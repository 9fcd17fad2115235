"""Load Django once, and let every worker open its own database connections."""

from django.db import connections

preload_app = True


def pre_fork(_server: object, _worker: object) -> None:
    """Close what the master has opened, because workers would share it."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if connection.vendor == "postgresql":
            connection.close_pool()
