"""Health checks respond before Django checks the host, so their middleware is first."""

MIDDLEWARE.insert(0, "core.health.middleware")
