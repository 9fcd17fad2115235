"""The sample project's application, with a query at import."""

from core.wsgi import application
from django.db import connection

__all__ = ["application"]

with connection.cursor() as cursor:
    cursor.execute("SELECT 1")
