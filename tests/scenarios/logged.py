"""Images and sites that log as in docs/logging.md and docs/json-logs.md."""

from harness import PROBES, PROJECT, SNIPPETS
from harness.texts import edited

APP = "dockerfile/app.Dockerfile"
JSON_FILES = ["logging/text.logs.py", "json-logs/fields.json_logs.py"]
JSON_FILES += ["json-logs/json.gunicorn.conf.py"]
CONF, USE = "logging/both.gunicorn.conf.py", "logging/both.settings.py"
SETTINGS = (PROJECT / "core/settings.py").read_text() + (SNIPPETS / USE).read_text()
TALKING = {
    "core/statements.py": (PROBES / "statements.py").read_text(),
    "core/talking.py": (PROBES / "talking_urls.py").read_text(),
}
NGINX = {
    "conf.d/access-log.conf": "logging/format.access-log.conf",
    "locations/request-id.conf": "logging/server.request-id.conf",
}
STREAMS = 'import os\nfor turn in range(5000): os.write(1 + turn % 2, b"turn %d\\n" % turn)'


def changes(extra=""):
    """Return the project's files with the page's settings, and additional ones."""
    settings = f'{SETTINGS}ROOT_URLCONF = "core.talking"\n{extra}'
    return {"core/settings.py": settings, **TALKING}


def as_json(extra=""):
    """Return the options of `build` for an image with the files of docs/json-logs.md."""
    page = SNIPPETS / "json-logs"
    files = changes(extra)
    use = {(SNIPPETS / USE).read_text(): (page / "json.settings.py").read_text()}
    files["core/settings.py"] = edited(files["core/settings.py"], use)
    files["requirements.txt"] = (PROJECT / "requirements.txt").read_text()
    files["requirements.txt"] += (page / "more.requirements.txt").read_text()
    return {"files": JSON_FILES, "changes": files}


def of_nginx(files=NGINX):
    """Return the options of an nginx with these snippets, by their paths in /etc/nginx."""
    return {"others": {path: (SNIPPETS / file).read_text() for path, file in files.items()}}
