# The proxy redirects to HTTPS; HSTS for subdomains and preloading are not decided yet.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
