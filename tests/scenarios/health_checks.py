"""An image with the page's files and health check, from docs/health-checks.md."""

from harness import PROJECT, SNIPPETS
from harness.texts import edited

CHECKED = "health-checks/with-check.Dockerfile"
FILES = ["health-checks/without-curl.healthcheck.py"]
MIDDLEWARE = 'MIDDLEWARE = [\n    "core.health.middleware",'
SETTINGS = (PROJECT / "core/settings.py").read_text()
CHANGES = {
    "core/health.py": (SNIPPETS / "health-checks/before-the-host.health.py").read_text(),
    "core/settings.py": edited(SETTINGS, {"MIDDLEWARE = [": MIDDLEWARE}),
}
