"""Begin each SQL statement with the ID of its request."""

MIDDLEWARE.insert(MIDDLEWARE.index("logs.middleware") + 1, "sql_comments.middleware")
