"""The proofs of docs/troubleshooting.md."""

import json
import re

import pytest

from harness import ROOT, SNIPPETS
from harness.browser import DOCS, SITE

ENTRIES = [f"troubleshooting/{path.stem}" for path in (DOCS / "troubleshooting").glob("*.md")]
INDEX = (DOCS / "troubleshooting.md").read_text()
PARTS = ["Confirm", "Quick fix", "Permanent fix", "Similar symptoms"]
OF_ANOTHER_SHAPE = {"troubleshooting/exit-codes"}
WITHOUT_A_LINE = {
    "bad-request",
    "busy-worker",
    "changing-values",
    "exit-codes",
    "memory-grows",
    "mixed-time-zones",
    "nothing-in-the-log",
    "redirect-loop",
    "scheduler-runs-twice",
    "slow-stop",
    "stream-cut",
    "vanished-headers",
}
LOG = ["worker-timeout", "invalid-http-host", "control-server-error", "database-locked"]
ACCESS = '172.17.0.1 - - [21/Nov/2026:03:12:{:02} +0000] "GET /shop/{} HTTP/1.1" 200 5120 "-" "-"'
KILLED = "WORKER TIMEOUT (pid:7)\nWorker (pid:{}) was sent SIGKILL! Perhaps out of memory?"
STARTS = "ModuleNotFoundError: No module named 'shop'\n[ERROR] Reason: Worker failed to boot."
FIRST = {
    KILLED.format(7): "killed-by-gunicorn",
    KILLED.format(70): "out-of-memory",
    "[1] [ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?": "out-of-memory",
    "[CRITICAL] WORKER TIMEOUT (pid:7)": "worker-timeout",
    "WORKER TIMEOUT (pid:7)\nError handling request GET /report/\nSystemExit: 1": "worker-timeout",
    "WORKER TIMEOUT (pid:7)\nError handling request POST /upload/": "upload-cut",
    "WORKER TIMEOUT (pid:7)\nError handling request (no URI read)\nSystemExit: 1": "silent-client",
    "WORKER TIMEOUT (pid:7)\nWorker exiting (pid: 7)\nWorker (pid:7) exited with code 1.": (
        "paused-container"
    ),
    "[ERROR] Worker (pid:7) exited with code 3": "exit-codes",
    "web-1 exited with code 137": "exit-codes",
    STARTS: "worker-failed-to-boot",
    "KeyError: 'SECRET_KEY'\n[ERROR] Reason: Worker failed to boot.": "missing-setting",
    "Error: class uri 'eventlet' invalid or not found:": "entry-point-not-found",
    "Error: class uri 'gevent' invalid or not found:\nNo module named 'packaging'": (
        "no-module-packaging"
    ),
    "exec ./entrypoint.sh: no such file or directory": "windows-line-ends",
    "sh: 1: gunicorn: not found": "executable-not-found",
    "[1] [ERROR] Control server error: [Errno 30] Read-only file system: '/root/.gunicorn'": (
        "control-server-error"
    ),
    "Invalid HTTP_HOST header: 'my_app:8000'. The domain name provided is not valid": (
        "invalid-http-host"
    ),
    r"Invalid request from ip=172.18.0.1: Invalid HTTP request line: '\x16\x03\x01": (
        "invalid-request"
    ),
    "Invalid request from ip=10.0.0.1: Contradictory scheme headers": (
        "contradictory-scheme-headers"
    ),
    "Invalid request from ip=10.0.0.1: limit request headers fields": "request-too-large",
    "Forbidden (CSRF cookie not set.): /login/": "csrf-failed",
    'host not found in upstream "web" in /etc/nginx/conf.d/default.conf:2': "bad-gateway",
    "connect() to unix:/run/gunicorn.sock failed (13: Permission denied)": "bad-gateway",
    "connect() failed (111: Connection refused) while connecting to upstream": "bad-gateway",
    "upstream timed out (110: Connection timed out) while connecting to upstream": "dead-address",
    "upstream timed out (110: Connection timed out) while reading response header": (
        "gateway-timeout"
    ),
    "Gateway Timeout": "gateway-timeout",
    "Remote end closed connection without response": "empty-reply",
    "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))": "empty-reply",
    "curl: (56) Recv failure: Connection reset by peer": "not-reachable",
    "FATAL: remaining connection slots are reserved for roles": "too-many-connections",
    "django.db.utils.OperationalError: SSL error: decryption failed or bad record mac": (
        "shared-connection"
    ),
    "SSL SYSCALL error: EOF detected": "shared-connection",
    'lost synchronization with server: got message type "x", length 2021161080': (
        "shared-connection"
    ),
    "error with status PGRES_TUPLES_OK and no message from the libpq": "shared-connection",
    "psycopg_pool.PoolTimeout: couldn't get a connection after 30.00 sec": "pool-timeout",
    "terminating connection due to administrator command": "server-closed-connection",
    "recv() failed (104: Connection reset by peer) while reading response header": "bad-gateway",
    'prepared statement "_pg3_12" already exists': "prepared-statement-exists",
    "Not Found: /media/photos/1.jpg": "static-files-404",
    "[1] [INFO] Handling signal: int": "lost-requests",
    "sqlite3.OperationalError: unable to open database file": "permission-denied",
    "Error: '$PORT' is not a valid port number.": "port-not-a-number",
    "FATAL:  the database system is starting up": "database-unreachable",
    'could not translate host name "db" to address': "database-unreachable",
    "[7] [WARNING] Not Found: /ws/chat/": "websocket-not-found",
    "OSError: [Errno 24] Too many open files": "too-many-open-files",
    'File "ssl.py", line 561\nRecursionError: maximum recursion depth exceeded': (
        "monkey-patch-warning"
    ),
    "ModuleNotFoundError: No module named 'django'": "worker-failed-to-boot",
    "connect() to unix:/run/web.sock failed (11: Resource temporarily unavailable)": "bad-gateway",
    "ImproperlyConfigured: Error loading psycopg2 or psycopg module\n"
    "ModuleNotFoundError: No module named 'psycopg'\n[ERROR] Reason: Worker failed to boot.": (
        "database-driver-missing"
    ),
    "AppRegistryNotReady: Apps aren't loaded yet.\n[ERROR] Reason: Worker failed to boot.": (
        "apps-not-loaded"
    ),
    "[ERROR] Connection in use: ('0.0.0.0', 8000)\n[ERROR] connection to ('0.0.0.0', 8000) failed: "
    "[Errno 98] Address already in use\n[ERROR] Can't connect to ('0.0.0.0', 8000)": (
        "connection-in-use"
    ),
    'FATAL:  role "root" does not exist': "role-does-not-exist",
    "You're using the staticfiles app without having set the STATIC_ROOT setting": (
        "static-root-missing"
    ),
    "warning: `VIRTUAL_ENV=/.venv` does not match the project environment path `.venv`": (
        "hidden-by-a-mount"
    ),
    'nginx: [emerg] duplicate location "/" in /etc/nginx/conf.d/default.conf:91': (
        "nginx-does-not-start"
    ),
    'exec: "curl": executable file not found in $PATH': "container-unhealthy",
    "curl: (7) Failed to connect to localhost port 8000 after 0 ms: Could not connect to server": (
        "container-unhealthy"
    ),
    "dependency failed to start: container shop-web-1 is unhealthy": "container-unhealthy",
    "(2006, 'Server has gone away')": "mysql-unreachable",
    "billiard.exceptions.WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL) Job: 3.": (
        "out-of-memory"
    ),
    "redis.exceptions.ReadOnlyError: You can't write against a read only replica.": (
        "redis-unreachable"
    ),
    "FATAL:  terminating connection due to idle-session timeout": "server-closed-connection",
    "RuntimeWarning: Accessing the database during app initialization is discouraged.": (
        "relation-does-not-exist"
    ),
    "kombu.exceptions.OperationalError: [Errno 111] Connection refused": "redis-unreachable",
    "psycopg.errors.InsufficientPrivilege: permission denied for table core_note": (
        "schema-permission-denied"
    ),
    "x.sh: line 2: $'\\r': command not found\nModuleNotFoundError: No module named 'wsgi'\n"
    "[ERROR] Reason: Worker failed to boot.": "windows-line-ends",
}
NO_ENTRY = [
    "ValueError: Django can only handle ASGI/HTTP connections, not lifespan.",
    'django.db.utils.ProgrammingError: column "price" of relation "shop" already exists',
    "web.service: start operation timed out. Terminating.",
    "DeprecationWarning: The `uvicorn.workers` module is deprecated.",
    "django.db.utils.DataError: value too long for type character varying(20)",
    "error: externally-managed-environment",
    "ValueError: Invalid file descriptor: -1",
    "psycopg.errors.DeadlockDetected: deadlock detected",
    "django.urls.exceptions.NoReverseMatch: 'shop' is not a registered namespace",
    "Bus error (core dumped)",
    "django.core.exceptions.FieldError: Cannot resolve keyword 'price' into field.",
    "no matching manifest for linux/arm64/v8 in the manifest list entries",
    "toomanyrequests: You have reached your pull rate limit.",
    "ERROR: failed to solve: process did not complete successfully: exit code: 1",
    "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
    "x509: certificate signed by unknown authority",
    "smtplib.SMTPAuthenticationError: (535, b'5.7.8 Authentication credentials invalid')",
    "django.template.exceptions.TemplateDoesNotExist: shop/index.html",
    "RecursionError: maximum recursion depth exceeded while calling a Python object",
    "ERROR: Could not build wheels for psycopg2, which is required to install pyproject.toml",
]
ADDED = {
    "compose": lambda line: f"web-1  | {line}",
    "kubernetes": lambda line: f"2026-11-21T03:12:00.123456789Z stderr F {line}",
    "timestamps": lambda line: f"2026-11-21T03:12:00.123456789Z {line}",
    "colors": lambda line: f"\x1b[31m{line.replace(' ', chr(27) + '[0m ', 1)}\x1b[0m",
    "json": lambda line: json.dumps({"log": line, "stream": "stderr"}),
    "windows": lambda line: f"{line}\r",
}
# Each row has an entry or "-", the address of a public thread, the facts that answer its question,
# and the lines that it shows. A fact is a claim, a page, or the address of a source.
THREADS = [
    row.split("\t") for row in (ROOT / "tests/troubleshooting/threads.tsv").read_text().splitlines()
]
PASTE = """all => all.map(log => {
  const box = document.querySelector("#pasted");
  box.value = log;
  box.dispatchEvent(new Event("input"));
  const found = [...document.querySelectorAll("#filter li a")].map(a => a.pathname);
  return document.querySelector("#filter output").innerText.includes("match") ? found : [];
})"""
VERDICT = "#filter output"
FOUND = "#filter li a"
INCIDENT = re.compile(r"(?m)^```{incident} (page somebody|tomorrow): (.+)\n(.+)\n```$")
THREE_PARTS = re.compile(r"[A-Z][^:]*\. Cause: .+\. Next: .+\.")
NEEDS_THE_PAGE = re.compile(r"(?i)\b(this|above|below|see the|the table)\b|[`{*]|://\w")
TIMED_OUT = "[2026-11-21 03:{:02}:00 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:{})\n"
SENT = "[2026-11-21 03:{:02}:01 +0000] [1] [ERROR] Worker (pid:{}) was sent SIGKILL! Perhaps out"
SENT += " of memory?\n"
EXITED = "[2026-11-21 08:45:00 +0530] [1] [ERROR] Worker (pid:9) exited with code 1.\n"
# Twelve workers, whose numbers begin again: 8 to 13, within three minutes.
TWELVE = [(n // 4, 8 + n % 6) for n in range(12)]
TWELVE = "".join(TIMED_OUT.format(*place) + SENT.format(*place) for place in TWELVE)
STORIES = {
    TWELVE: "Worker 8 timed out, then was killed; this happened to 12 workers in 2 minutes.",
    TIMED_OUT.format(1, 8): "Worker 8 timed out.",
    TIMED_OUT.format(1, 8) + SENT.format(1, 9): "Worker 8 timed out. Worker 9 was killed.",
    # The second worker exits two hours and a quarter later, in another time zone.
    TIMED_OUT.format(0, 9) + EXITED + EXITED.replace("08:", "11:"): (
        "Worker 9 timed out, then exited with code 1. Worker 9 exited with code 1."
    ),
    SENT.format(0, 7) * 2 + EXITED * 2: (
        "Worker 7 was killed; this happened to 2 workers."
        " Worker 9 exited with code 1; this happened to 2 workers."
    ),
    SENT.format(0, 7) + SENT.format(0, 8).replace("03:", "06:"): (
        "Worker 7 was killed; this happened to 2 workers in 3 hours."
    ),
    EXITED + EXITED.replace("08:45:00 +0530", "03:16:00 +0000"): (
        "Worker 9 exited with code 1; this happened to 2 workers in 60 seconds."
    ),
    "[2026-11-21 03:00:00 +0000] [7] [INFO] Booting worker with pid: 7": "",
}
STORED = "[document.cookie, localStorage.length, sessionStorage.length, location.href]"


def test_pasted_log_finds_its_entries(visit):
    """A log of fifty lines contains those of four entries: these four are found."""
    lines = [ACCESS.format(n, n) for n in range(60)]
    for n, name in enumerate(LOG, 1):
        lines[12 * n : 12 * n] = printed(name)
    page = visit("troubleshooting")

    page.locator("#pasted").fill("\n".join(lines[:50]))

    found = page.locator(FOUND).evaluate_all("all => all.map(a => a.pathname)")
    assert {f"/troubleshooting/{name}.html" for name in LOG} == set(found[:4])


def test_each_line_finds_its_entry(visit):
    """With the output of an entry's first block pasted, the entry is among the first three.

    If an entry has no line of its own, its title is pasted.
    """
    page = visit("troubleshooting")
    lost = {}
    for name in (path.parent.name for path in SNIPPETS.glob("troubleshooting/*/line.console")):
        pasted = title(name) if name in WITHOUT_A_LINE else "\n".join(printed(name))
        page.locator("#pasted").fill(pasted)
        found = page.locator(FOUND).evaluate_all("all => all.map(a => a.pathname)")
        sure = "match" in page.locator(VERDICT).inner_text()
        if not sure or f"/troubleshooting/{name}.html" not in found[:3]:
            lost[name] = found[:3]

    assert lost == {}


def test_most_exact_line_comes_first(visit):
    """Lines that match several entries are pasted, some with the same process, some without."""
    page = visit("troubleshooting")
    wrong = {}
    for pasted, name in FIRST.items():
        page.locator("#pasted").fill(pasted)
        found = page.locator(FOUND).evaluate_all("all => all.map(a => a.pathname)")
        if found[:1] != [f"/troubleshooting/{name}.html"]:
            wrong[pasted] = found[:3]

    assert wrong == {}


def test_lines_of_public_threads_find_their_entry(visit):
    """For lines from over 300 threads, the right entry comes first, or the box reports none."""
    pasted = ["\n".join(lines).strip("\n") for _, _, _, *lines in THREADS]
    found = visit("troubleshooting").evaluate(PASTE, pasted)

    wrong = {
        log: first[:1]
        for (entry, *_), log, first in zip(THREADS, pasted, found, strict=True)
        if first[:1] != ([] if entry == "-" else [f"/troubleshooting/{entry}.html"])
    }
    assert wrong == {}
    assert len({address for _, address, *_ in THREADS}) >= 300


def test_entry_states_the_facts_that_answer_a_thread():
    """The entry of a thread's row proves, links to or cites every fact in that row."""
    named = {name.rpartition("/")[2]: facts_of(name) for name in ENTRIES}

    missing = {
        address: set(facts.split()) - named[entry]
        for entry, address, facts, *_ in THREADS
        if entry != "-" and not set(facts.split()) <= named[entry]
    }
    assert missing == {}
    assert all(facts.strip("-") for entry, _, facts, *_ in THREADS if entry != "-")


def test_line_without_an_entry_is_said_to_have_none(visit):
    """For each line without an entry, the list stays open, with a link to the search."""
    page = visit("troubleshooting")
    claimed = {}
    for pasted in NO_ENTRY:
        page.locator("#pasted").fill(pasted)
        verdict = page.locator(VERDICT).inner_text()
        guesses = page.locator(FOUND).count()
        marked = "may be wrong" in verdict if guesses else verdict.endswith("its words.")
        if not (verdict.startswith("No entry has this line.") and marked):
            claimed[pasted] = verdict

    assert claimed == {}
    assert page.get_by_role("heading", name="It does not start").is_visible()
    page.locator(f"{VERDICT} a").click()
    page.wait_for_url("**/search.html?q=*wheels*")


@pytest.mark.parametrize("tool", ADDED)
def test_what_tools_add_to_a_line_is_ignored(visit, tool):
    """Two lines of one entry are pasted with what tools add to them."""
    page = visit("troubleshooting")
    lines = map(ADDED[tool], KILLED.format(7).splitlines())

    page.locator("#pasted").fill("\n".join(lines))

    found = page.locator(FOUND).first.evaluate("a => a.pathname")
    assert found == "/troubleshooting/killed-by-gunicorn.html"
    assert "match" in page.locator(VERDICT).inner_text()


@pytest.mark.parametrize("log", STORIES)
def test_box_tells_what_happened_in_order(visit, log):
    """Logs are pasted in which workers time out, are killed or exit, or in which none does."""
    page = visit("troubleshooting")

    page.locator("#pasted").fill(log)

    verdict = page.locator(VERDICT).inner_text()
    assert "".join(verdict.splitlines()[1:]) == STORIES[log]


def test_nothing_pasted_leaves_the_page(visit):
    """The page sends no request, stores nothing, and keeps its address."""
    page = visit("troubleshooting")
    page.wait_for_load_state("networkidle")
    before, asked = page.evaluate(STORED), []
    page.on("request", lambda request: asked.append(request.url))

    page.locator("#pasted").fill("[CRITICAL] WORKER TIMEOUT (pid:7)")
    page.wait_for_load_state("networkidle")

    assert page.locator(FOUND).count() > 0
    assert asked == []
    assert page.evaluate(STORED) == before == ["", 0, 0, f"{SITE}/troubleshooting.html"]


def test_each_entry_has_the_same_parts():
    """Every entry has the same four headings in one order, and the index lists it."""
    others = {name for name in ENTRIES if headings(name) != PARTS} - OF_ANOTHER_SHAPE
    unnamed = {name for name in ENTRIES if f"{{ref}}`{name.rpartition('/')[2]}`" not in INDEX}

    assert len(ENTRIES) >= 40
    assert others == set()
    assert unnamed == set()


def test_similar_symptoms_are_mutual():
    """Every symptom that an entry lists under its last heading links back to that entry."""
    similar = {name.rpartition("/")[2]: similar_to(name) for name in ENTRIES}

    entries = similar.keys()
    pairs = {(one, other) for one in entries for other in similar[one] & entries}
    assert len(pairs) >= 100
    assert {(one, other) for one, other in pairs if (other, one) not in pairs} == set()


def test_each_entry_has_a_severity_and_a_text():
    """The text is one paragraph of at most 60 words: the effect, the cause and the next step.

    It makes sense without the page: it has no link and no markup, and does not point to anything
    around it. No two entries have the same text.
    """
    blocks = {name: INCIDENT.findall((DOCS / f"{name}.md").read_text()) for name in ENTRIES}
    texts = {name: block[0][-1] for name, block in blocks.items() if len(block) == 1}

    assert texts.keys() == set(ENTRIES)
    assert [name for name, text in texts.items() if not THREE_PARTS.fullmatch(text)] == []
    assert [name for name, text in texts.items() if len(text.split()) > 60] == []
    assert [name for name, text in texts.items() if NEEDS_THE_PAGE.search(text)] == []
    assert len(set(texts.values())) == len(ENTRIES)


def test_text_for_the_incident_channel_copies_as_it_is(visit):
    """It is folded at first; once a reader opens it, its button copies it in one line."""
    page = visit("troubleshooting/worker-timeout")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    source = (DOCS / "troubleshooting/worker-timeout.md").read_text()
    [(severity, reason, text)] = INCIDENT.findall(source)
    box = page.locator(".incident")

    assert f"Severity: {severity} ({reason})" in box.inner_text()
    assert not box.get_by_text(text).is_visible()
    box.locator("summary").click()
    box.locator("button.copybtn").click()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.includes('Cause:'))")

    assert page.evaluate("navigator.clipboard.readText()").strip() == text


def printed(name):
    """Return the lines that an entry's first block prints."""
    text = (SNIPPETS / f"troubleshooting/{name}/line.console").read_text()
    return re.sub(r"\$ (?:.*\\\n)*.*\n", "", text, count=1).splitlines()


def title(name):
    """Return an entry's title."""
    return re.search(r"(?m)^# (.+)", (DOCS / f"troubleshooting/{name}.md").read_text())[1]


def facts_of(name):
    """Return the names of an entry's claims, and the targets of its links."""
    text = (DOCS / f"{name}.md").read_text()
    claims = re.findall(r"{proof}`([^`]+)`", text)
    links = [link.rpartition("<")[2] for link in re.findall(r"{ref}`([^`>]+)", text)]
    return {*claims, *links, *re.findall(r"\]\((https://[^)]+)\)", text)}


def similar_to(name):
    """Return the names of the entries that an entry's last section links to."""
    text = (DOCS / f"{name}.md").read_text().partition(f"## {PARTS[-1]}")[2]
    return {link.rpartition("<")[2] for link in re.findall(r"{ref}`([^`>]+)", text)}


def headings(name):
    """Return an entry's headings, in order."""
    return re.findall(r"(?m)^## (.+)", (DOCS / f"{name}.md").read_text())
