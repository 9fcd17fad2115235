"""Append this to your settings once every page is served over HTTPS."""

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = 3600  # an hour; raise it to a year later
