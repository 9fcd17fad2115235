"""Begin each SQL statement with the ID of the request that it belongs to."""

from contextlib import ExitStack

from django.db import connections
from logs import request_id


def comment(execute, sql, params, many, context):
    """Run a statement with the ID in front of it."""
    if isinstance(sql, str):
        sql = f"/* {request_id.get()} */ {sql}"
    return execute(sql, params, many, context)


def middleware(get_response):
    """Go after logs.middleware, which sets the ID."""

    def handle(request):
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(comment))
            return get_response(request)

    return handle
