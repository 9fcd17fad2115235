"""Append this to your settings once every page is reached by HTTPS."""

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = 3600  # an hour; a year, once nothing is missed
