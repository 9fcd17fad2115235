"""Append this: PostgreSQL ends queries after 20 s, and waits for locks after 10 s."""

DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    "-c statement_timeout=20s -c lock_timeout=10s"
)
