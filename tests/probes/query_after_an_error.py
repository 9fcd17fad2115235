"""Ends the database connection that it uses, queries twice, and prints each outcome."""

import django
from django.db import OperationalError, close_old_connections, connection

END = {
    "postgresql": "SELECT pg_terminate_backend(pg_backend_pid())",
    "mysql": "KILL CONNECTION_ID()",
}

django.setup()
for query in (END[connection.vendor], "SELECT 1"):
    try:
        connection.cursor().execute(query)
    except OperationalError as error:
        print(str(error).splitlines()[0])
close_old_connections()
connection.cursor().execute("SELECT 1")
print("connected")
