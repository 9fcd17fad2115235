"""Append this: PostgreSQL ends transactions that do nothing for a minute."""

DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    "-c idle_in_transaction_session_timeout=60s"
)
