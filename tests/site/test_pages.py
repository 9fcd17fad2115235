"""Checks of every page, as a browser shows it."""

import json
import re
from pathlib import PurePosixPath

import pytest
from axe_playwright_python.sync_playwright import Axe

from guide import names
from harness import ROOT, SNIPPETS
from harness.browser import DESKTOP, DOCS, PHONE, SITE, missed_by_search

SOURCES = sorted(path.relative_to(DOCS) for path in DOCS.rglob("*.md"))
LISTS = {"changelog.md", "troubleshooting.md"}  # both only grow, one line at a time
NAMES = [str(path.with_suffix("")) for path in SOURCES]
ENTRIES = [name for name in NAMES if name.startswith("troubleshooting/")]  # all of one structure
PAGES = [*sorted({*NAMES} - {*ENTRIES[2:]}), "proofs/signals", "claims", "search", "404"]
FILE = re.compile(r"\} [./]+/snippets/\S+(?<!\.console)\n")
WITH_FILES = [str(p.with_suffix("")) for p in SOURCES if FILE.search((DOCS / p).read_text())]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
TEXT_OF_CLIPBOARD = "navigator.clipboard.readText()"
SEARCHES = {
    "worker timeout": "troubleshooting/worker-timeout",
    "py-spy dump": "stuck-workers",
    "faulthandler stack": "stuck-workers",
    "sigkill perhaps out of memory": "troubleshooting/out-of-memory",
    "no URI read": "troubleshooting/silent-client",
    "exit code 137": "troubleshooting/exit-codes",
    "worker failed to boot": "troubleshooting/worker-failed-to-boot",
    "failed to find attribute": "troubleshooting/app-failed-to-load",
    "connection in use": "troubleshooting/connection-in-use",
    "errno 13 /home": "troubleshooting/control-server-error",
    "unrecognized arguments": "troubleshooting/unrecognized-arguments",
    "executable file not found": "troubleshooting/executable-not-found",
    "exec format error": "troubleshooting/wrong-architecture",
    "no usable temporary directory": "troubleshooting/no-usable-temporary-directory",
    "invalid HTTP_HOST": "troubleshooting/invalid-http-host",
    "csrf verification failed nginx": "troubleshooting/csrf-failed",
    "too many redirects": "troubleshooting/redirect-loop",
    "missing staticfiles manifest entry": "troubleshooting/missing-manifest-entry",
    "502 bad gateway": "troubleshooting/bad-gateway",
    "504 gateway timeout nginx": "troubleshooting/gateway-timeout",
    "docker stop ten seconds": "troubleshooting/slow-stop",
    "database is locked": "troubleshooting/database-locked",
    "idle workers killed": "troubleshooting/idle-workers",
    "memory grows": "troubleshooting/memory-grows",
    "--worker-tmp-dir": "options",
    "WEB_CONCURRENCY": "concurrency",
    "gthreads": "worker-class",
    "cpu-bound views": "threads",
    "race condition": "threads",
    "memory leak": "memory",
    "graceful shutdown": "signals",
    "reload without restart": "reload",
    "command line options": "options",
    "gunicornc": "control-socket",
    "gunicorn.conf.py": "configuration-file",
    "order of precedence": "precedence",
    "environment variable precedence": "precedence",
    "health check endpoint": "health-checks",
    "readiness liveness": "health-checks",
    "harden container": "hardening",
    "rotate secret key": "secrets",
    "generate sbom": "supply-chain",
    "nginx static files": "static-files",
    "master and workers": "how-it-works",
    "whitenoise": "whitenoise",
    "docker compose production": "compose",
    "update without downtime": "updates",
    "migrate at start": "migrations",
    "nginx proxy_pass": "proxy",
    "X-Forwarded-For": "client-ip",
    "forged headers": "proxy-headers",
    "server-sent events": "streaming",
    "SCRIPT_NAME": "url-prefix",
    "media files upload": "media-files",
    "letsencrypt caddy": "tls",
    "systemd unit": "systemd",
    "podman quadlet": "quadlet",
    "podman instead of docker": "podman",
    "podman compose": "podman",
    "docker swarm": "swarm",
    "kubernetes probes": "kubernetes",
    "thin container": "replicas",
    "uvicorn": "asgi",
    "granian": "servers",
    "uwsgi": "servers",
    "waitress": "servers",
    "websocket": "websockets",
    "gevent psycopg2": "gevent",
    "meinheld": "outdated-advice",
    "runserver": "runserver",
    "connection pool": "database-connections",
    "pgbouncer": "pgbouncer",
    "how many connections": "database-connections",
    "sizing calculator": "sizing",
    "opentelemetry": "tracing",
    "celery": "celery",
    "celery beat": "celery",
    "background tasks": "background-tasks",
    "task queue": "background-tasks",
    "cron job": "scheduled-jobs",
    "scheduled task": "scheduled-jobs",
    "backup database": "backups",
    "pg_dump": "backups",
    "restore backup": "backups",
    "github actions": "build-in-ci",
    "gitlab ci": "build-in-ci",
    "docker push registry": "build-in-ci",
    "roll back": "releases",
    "rollback": "releases",
    "multiple domains": "several-sites",
    "cloud run": "platforms",
    "heroku port": "platforms",
    "kamal": "platforms",
    "json logs": "json-logs",
    "structured logging": "json-logs",
    "request id": "logging",
    "logging configuration": "logging",
    "prometheus": "metrics",
    "grafana alerts": "metrics",
    "statsd": "metrics",
    "CONN_MAX_AGE": "database-connections",
    "how many workers": "concurrency",
    "upgrade django": "upgrading-django",
    "upgrade python": "upgrading-django",
    "python 3.15": "upgrading-django",
    "free-threaded python": "upgrading-django",
    "upgrade gunicorn": "upgrading",
    "client ip": "client-ip",
    "reverse proxy": "proxy",
    "non-root user": "hardening",
    "read-only filesystem": "hardening",
    "zero downtime": "updates",
    "load balancer": "behind-a-load-balancer",
    "url prefix": "url-prefix",
    "environment variable": "settings",
    "production settings": "settings",
    "startproject": "start",
    "poetry": "more-lock-files",
    "pip-tools": "more-lock-files",
    "uv lock": "dependencies",
    "vite": "frontend-assets",
    "tailwind": "frontend-assets",
    "private package": "private-packages",
    "arm64": "multi-platform",
    "apple silicon": "multi-platform",
    "memory limit": "memory",
    "unix socket": "unix-socket",
    "traefik": "traefik",
    "blue-green deployment": "updates",
    "collectstatic": "static-files",
    "STATIC_ROOT": "troubleshooting/static-root-missing",
    "mount option requires BuildKit": "troubleshooting/buildkit-missing",
    "docker secrets": "secrets",
    "max_requests": "memory",
    "keepalive": "timeouts",
    "graceful timeout": "timeouts",
    "preload": "memory",
    "worker killed": "troubleshooting/killed-by-gunicorn",
    "DisallowedHost": "troubleshooting/invalid-http-host",
    "permission denied": "troubleshooting/permission-denied",
    "no module named": "troubleshooting/worker-failed-to-boot",
    "connection refused": "troubleshooting/database-unreachable",
    "413 request entity too large": "troubleshooting/body-too-large",
    "https redirect": "tls",
    "slim or alpine": "dockerfile",
    "healthcheck curl": "health-checks",
    "kubernetes rolling update": "kubernetes-rollouts",
    "podman systemd": "quadlet",
    "access log format": "options",
    "stuck worker": "stuck-workers",
    "sse": "streaming",
    "django channels": "websockets",
    "wsgi vs asgi": "asgi",
    "dockerignore": "dockerfile",
    "multi-stage build": "dockerfile",
    "compile psycopg": "compiled-packages",
    "gdal": "compiled-packages",
    "scan image vulnerabilities": "supply-chain",
    "digest pinning": "supply-chain",
}
RUNS = {DOCS / "_data/machines.json", DOCS / "_data/cgroup2.json"}
MEASURED = sorted(set((DOCS / "_data").glob("*.json")) - RUNS)


each_page = pytest.mark.parametrize("name", PAGES)


@each_page
def test_page_is_accessible_and_fits_and_asks_nobody_else(visit, name):
    """On a phone, axe finds no violation of WCAG 2.2 AA or of its own best practices.

    Code scrolls inside its box, without moving the page. Every request goes to the site itself.
    """
    asked = []

    page = visit(name, asked, viewport=PHONE, color_scheme="light")

    width = page.evaluate("document.documentElement.scrollWidth")
    assert violations(page) == []
    assert width <= PHONE["width"]
    assert asked
    assert [url for url in asked if not url.startswith((SITE, "data:"))] == []


def test_entries_fit_and_ask_nobody_else(visit):
    """On a phone, the same holds for every troubleshooting entry; axe checks two of them."""
    asked = []
    page = visit(ENTRIES[0], asked, viewport=PHONE)
    wide = []
    for name in ENTRIES:
        page.goto(f"{SITE}/{name}.html", wait_until="load")
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wide.append(name)

    assert wide == []
    assert [url for url in asked if not url.startswith((SITE, "data:"))] == []


@pytest.mark.parametrize("name", ["dockerfile", "signals", "memory", "proofs/signals", "search"])
def test_page_is_accessible_in_the_dark(visit, name):
    """On a desktop in dark colors, which all pages share, axe finds no violation either."""
    assert violations(visit(name, color_scheme="dark")) == []


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_source_is_short_and_described(path):
    """A page has at most 900 words after the front matter, and a description for search engines."""
    _, matter, text = (DOCS / path).read_text().split("---\n", 2)
    description = re.search("description: (.*)", matter)[1]
    words = re.sub(r"(?s)```.*?```|\{proof\}`.*?`", "", text).split()

    assert 70 <= len(description) <= 170
    assert len(words) <= 900 or path.name in LISTS


@pytest.mark.parametrize("data", MEASURED, ids=lambda path: path.stem)
def test_measurement_is_on_its_page_and_can_be_made_again(data):
    """Every table of a data file is shown on its page, and its benchmark exists."""
    page = (DOCS / data.with_suffix(".md").name).read_text()

    shown = set(re.findall(r"{measurement} (\S+)", page))
    assert shown == set(json.loads(data.read_text())["tables"])
    assert (ROOT / names.bench_file(data.stem)).exists()


@pytest.mark.parametrize("name", WITH_FILES)
def test_copy_and_download_give_the_file(visit, site, name):
    """Each block copies as its file without the last newline, and links to that file."""
    page = visit(name)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for bar in page.locator(".literal-block-wrapper:has(a.download)").all():
        link = bar.locator("a.download")
        raw = (site / name).parent.joinpath(link.get_attribute("href")).resolve()
        page.evaluate("navigator.clipboard.writeText('not copied')")
        bar.locator("button.copybtn").click()
        page.wait_for_function(f"{TEXT_OF_CLIPBOARD}.then(text => text != 'not copied')")

        copied = page.evaluate(TEXT_OF_CLIPBOARD)
        assert raw.read_text().endswith(f"{copied}\n")
        caption = bar.locator(".caption-text").inner_text().splitlines()[0]
        assert PurePosixPath(caption).name == raw.name
        assert raw.read_bytes() in {path.read_bytes() for path in SNIPPETS.rglob(f"*.{raw.name}")}


def test_transcript_copies_as_its_command(visit):
    """Neither the prompt nor the output is copied."""
    page = visit("dockerfile")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.locator("#file-build-console button.copybtn").click()
    page.wait_for_function(f"{TEXT_OF_CLIPBOARD}.then(text => text.startsWith('docker build'))")

    assert page.evaluate(TEXT_OF_CLIPBOARD).strip() == "docker build --quiet --tag web ."


def test_first_screen_leads_to_the_start(visit):
    """The landing page links to the first steps above the fold, even on a phone."""
    for viewport in DESKTOP, PHONE:
        link = visit("index", viewport=viewport).locator("article a[href^='start.html']").first
        assert link.bounding_box()["y"] < viewport["height"] * 0.7


@pytest.mark.parametrize("name", ["start", "quadlet", "troubleshooting", "maintaining"])
def test_sidebar_shows_where_the_page_is(visit, name):
    """The page's sidebar entry is visible, and Ctrl-K moves to the search box above it."""
    page = visit(name, viewport=DESKTOP)
    entry = page.locator(".sidebar-tree .current-page").last

    assert 0 < entry.bounding_box()["y"] < DESKTOP["height"]
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.className").startswith("sidebar-search")


@pytest.mark.parametrize("name", ["dockerfile", "signals"])
def test_first_screen_shows_the_file(visit, name):
    """The file to copy begins above the fold, even on a phone."""
    for viewport in DESKTOP, PHONE:
        box = visit(name, viewport=viewport).locator("pre").first.bounding_box()
        assert box["y"] < viewport["height"] * 0.7


def test_tick_is_not_copied_with_its_sentence(visit):
    """Selecting a whole paragraph and copying it omits the ticks."""
    page = visit("signals")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("p:has(a.proof)").first.click(click_count=3)
    page.keyboard.press("Control+C")

    copied = page.evaluate(TEXT_OF_CLIPBOARD)
    assert "Gunicorn" in copied
    assert not set(copied) & set("✓○")


def test_search_finds_the_page(visit):
    """For each query, the page is among the first three results: {query: what was found}."""
    assert missed_by_search(visit("search"), SEARCHES) == {}


def violations(page):
    """Return the axe rules that a page violates, each with the first element that does."""
    options = {"runOnly": STANDARDS, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found]
