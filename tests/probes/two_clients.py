"""Let two PgBouncer clients share a PostgreSQL connection, and print what each one sees."""

import json
import os

import django
import psycopg
from django.db import connection, transaction

os.environ["DJANGO_SETTINGS_MODULE"] = "served"
django.setup()

from core.models import Note  # noqa: E402, of an app that is set up


def client(threshold=None):
    """Connect as another process of the app would."""
    address = os.environ["DATABASE_URL"]
    return psycopg.connect(address, autocommit=True, prepare_threshold=threshold)


def value(connection, sql):
    """Return the single value that a query returns."""
    return connection.execute(sql).fetchone()[0]


def printed(function):
    """Return a function's result, or the error that it raises."""
    try:
        return function()
    except (psycopg.Error, django.db.Error) as error:
        return str(error)


def prepared():
    """Run the same prepared statement on two clients."""
    clients = client(0), client(0)
    return [each.execute("SELECT 1 + %s", [1]).fetchone()[0] for each in clients]


def iterated():
    """Read rows with an iterator, while another client runs a transaction in between."""
    rows = Note.objects.iterator(chunk_size=1)
    next(rows)
    with two.transaction():
        two.execute("SELECT 1")
        return 1 + len(list(rows))


with connection.schema_editor() as editor:
    editor.create_model(Note)
with transaction.atomic():
    Note.objects.bulk_create(Note(text=str(number)) for number in range(10))
one, two = client(), client()
seen = {"iterated": printed(iterated), "prepared": printed(prepared)}
seen["locks"] = [value(each, "SELECT pg_try_advisory_lock(1)") for each in (one, two)]
with one.transaction(), two.transaction():
    lock = "SELECT pg_try_advisory_xact_lock(2)"
    seen["locks of transactions"] = [value(each, lock) for each in (one, two)]
with one.transaction():
    one.execute("SET LOCAL lock_timeout = '55s'")
seen["local"] = value(two, "SHOW lock_timeout")
one.execute("SET lock_timeout = '77s'")
seen["set"] = value(two, "SHOW lock_timeout")
connection.close()
with connection.schema_editor() as editor:
    editor.delete_model(Note)
print(json.dumps(seen))
