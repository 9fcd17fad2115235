"""Accept what is decided: the proxy redirects to HTTPS, and HSTS stays narrow."""

SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
