"""Images and sites that log as in docs/logging.md and docs/json-logs.md."""

from harness import PROBES, PROJECT, SNIPPETS

APP = "dockerfile/app.Dockerfile"
CONF, USE = "logging/both.gunicorn.conf.py", "logging/both.settings.py"
SETTINGS = (PROJECT / "core/settings.py").read_text() + (SNIPPETS / USE).read_text()
TALKING = (PROBES / "talking_urls.py").read_text()
NGINX = {
    "conf.d/access-log.conf": "logging/format.access-log.conf",
    "locations/request-id.conf": "logging/server.request-id.conf",
}
STREAMS = 'import os\nfor turn in range(5000): os.write(1 + turn % 2, b"turn %d\\n" % turn)'


def changes(extra=""):
    """Return the project's files with the page's settings, and additional ones."""
    settings = f'{SETTINGS}ROOT_URLCONF = "core.talking"\n{extra}'
    return {"core/settings.py": settings, "core/talking.py": TALKING}


def of_nginx(files=NGINX):
    """Return the options of an nginx with these snippets, by their paths in /etc/nginx."""
    return {"others": {path: (SNIPPETS / file).read_text() for path, file in files.items()}}
