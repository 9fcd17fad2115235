"""The sample project with a frontend, as in docs/frontend-assets.md, and its output."""

import re
from functools import cache

from harness import PROJECT, SCENARIOS, SNIPPETS
from harness.texts import edited
from scenarios.layers import shared_stages

PAGE = SNIPPETS / "frontend-assets"
FILE = "frontend-assets/vite.Dockerfile"
IGNORE = "dockerfile/app.Dockerfile.dockerignore"
STATIC, CONF = "static-files/nginx.Dockerfile.static", ["static-files/nginx.default.conf"]
SETTINGS = "core/settings.py"
HOME = "core/templates/core/home.html"
LINKS = """<link rel="stylesheet" href="{% static 'main.css' %}">
    <script type="module" src="{% static 'main.js' %}"></script>
    <link rel="icon" """


@cache
def with_vite():
    """Return what the project has in addition: files, by path."""
    sources = SCENARIOS / "frontend"
    made = {f"frontend/{path.name}": path.read_text() for path in sources.glob("*.*s*")}
    return made | {
        ".dockerignore": (SNIPPETS / IGNORE).read_text(),
        "package.json": (PAGE / "vite.package.json").read_text(),
        "package-lock.json": (SCENARIOS / "frontend/vite/package-lock.json").read_text(),
        "vite.config.js": (PAGE / "one-bundle.vite.config.js").read_text(),
        SETTINGS: with_output((PROJECT / SETTINGS).read_text()),
        HOME: edited((PROJECT / HOME).read_text(), {'<link rel="icon" ': LINKS}),
    }


@cache
def with_tailwind():
    """Return the same for Tailwind: a template that uses one of its classes, and no script."""
    files = {path: text for path, text in with_vite().items() if not path.startswith("frontend/")}
    del files["vite.config.js"]
    without = {'    <script type="module" src="{% static \'main.js\' %}"></script>\n': ""}
    return files | {
        "package.json": (PAGE / "tailwind.package.json").read_text(),
        "package-lock.json": (SCENARIOS / "frontend/tailwind/package-lock.json").read_text(),
        "frontend/main.css": (PAGE / "tailwind.main.css").read_text(),
        HOME: edited(files[HOME], {**without, "<h1>": '<h1 class="underline">'}),
    }


def with_output(settings):
    """Return settings with the page's additional one."""
    added = re.search("STATICFILES_DIRS = .*", (PAGE / "output.settings.py").read_text())[0]
    return f"{settings}\n{added}\n"


def static_file():
    """Return the static image's file, with the page's stages instead of its first two."""
    text = (SNIPPETS / FILE).read_text()
    stages = re.search(r"FROM node.* /collected\n\n", text, re.DOTALL)[0]
    static = (SNIPPETS / STATIC).read_text()
    return edited(static, {shared_stages(static): stages})
