"""The proofs of docs/health-checks.md."""

import pytest
from python_on_whales.exceptions import DockerException

from harness.container import wait_until
from scenarios.health_checks import CHANGES, CHECKED, FILES

SECOND = {"health_interval": 1, "health_start_period": 1, "health_retries": 1}
GUNICORN = "exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
DOCKERS_START_INTERVAL = 5  # seconds, https://docs.docker.com/reference/dockerfile/#healthcheck
STUB = """
import http.server, sys, time
class Stub(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(600 * (sys.argv[1] == "hang"))
        self.send_response(int(sys.argv[1]))
        self.end_headers()
print("Listening at 8000", flush=True)
http.server.HTTPServer(("", 8000), Stub).serve_forever()
"""
BESIDE_A_SILENT_DATABASE = f"""
import os, socket
listener = socket.create_server(("127.0.0.1", 5432))
listener.set_inheritable(True)
os.execvp("sh", ["sh", "-c", "{GUNICORN}"])
"""
WITH_URLLIB = "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/', timeout=2)"


@pytest.fixture
def image(build):
    """Build the image with the page's three files."""
    return build(CHECKED, files=FILES, changes=CHANGES)


def test_first_check_comes_after_a_second(image, run, replay):
    """The first check runs before Docker's default --start-interval, five seconds, is over."""
    container = run(image, ready="")

    first = wait_for_health(container).log[0].start

    assert (first - container.handle.state.started_at).total_seconds() < DOCKERS_START_INTERVAL
    wait_for_health(container, "healthy")
    replay("health-checks/status.console", web=container.handle.name)


def test_check_ignores_host_and_https(image, run):
    """ALLOWED_HOSTS and a redirect to HTTPS affect a page, but not the check."""
    script = f"echo 'SECURE_SSL_REDIRECT = True' >> core/settings.py; {GUNICORN}"
    container = run(image, "sh", "-c", script, user="root", env={"ALLOWED_HOSTS": "example.com"})

    wait_for_health(container, "healthy")

    assert container.get("/").status_code == 400
    assert container.get("/", headers={"Host": "example.com"}).status_code == 301
    assert container.get("/health/live").text == "live"


@pytest.mark.parametrize("answer", ["500", "301", "hang", "none"])
def test_check_fails_without_a_good_answer(image, run, answer):
    """A stub instead of Gunicorn returns an error or a redirect, hangs, or does not listen."""
    server = ["sleep", "600"] if answer == "none" else ["python", "-c", STUB, answer]
    container = run(image, *server, ready="" if answer == "none" else "Listening", **SECOND)

    wait_for_health(container, "unhealthy")

    assert container.running


def test_check_ignores_proxy_variables(image, run):
    """With an unreachable proxy in http_proxy, the check passes, but urllib's request fails."""
    environ = {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    container = run(image, "python", "-c", STUB, "200", env=environ, ready="Listening at")

    assert fails(container, "python", "-c", WITH_URLLIB)
    assert not fails(container, "python", "healthcheck.py")


def test_broken_urls_end_the_start(image, run):
    """A failing import in urls.py stops Gunicorn at startup, before the first request."""
    script = f"echo 'import nothing' >> core/urls.py; {GUNICORN}"
    container = run(image, "sh", "-c", script, user="root", ready="")

    assert container.exit_code == 3
    container.wait_for_log("No module named 'nothing'")


def test_readiness_follows_the_database(image, run):
    """SQLite cannot open its file until the directory exists; /health/live always returns 200."""
    container = run(image, env={"DATABASE_URL": "sqlite:////tmp/db/db.sqlite3"})

    seen = []
    for command in ("true", "mkdir /tmp/db", "rm -r /tmp/db"):
        container.exec("sh", "-c", command)
        answers = container.get("/health/ready"), container.get("/health/live")
        seen.append([answer.status_code for answer in answers])

    assert seen == [[503, 200], [200, 200], [503, 200]]


def test_silent_database_holds_the_check(image, run):
    """A server accepts the connection but never responds; connect_timeout limits it to 2 s."""
    command, url = ["python", "-c", BESIDE_A_SILENT_DATABASE], "postgres://u:p@127.0.0.1/d"
    limited = run(image, *command, env={"DATABASE_URL": f"{url}?connect_timeout=2"})
    endless = run(image, *command, env={"DATABASE_URL": url})

    held = endless.start_get("/health/ready")

    assert limited.get("/health/ready").status_code == 503
    with pytest.raises(TimeoutError):
        held.result(timeout=4)


def test_busy_threads_fail_the_check(image, run):
    """With one of two threads busy, the check passes; with both busy, it fails."""
    container = run(image)
    container.start_sleep(600)

    assert not fails(container, "python", "healthcheck.py")
    container.start_sleep(600)
    assert fails(container, "python", "healthcheck.py")


def test_image_without_curl_is_never_healthy(build, run):
    """The app responds, but Docker reports it as unhealthy, because curl is missing."""
    image = build("health-checks/wrong-curl.Dockerfile", files=FILES, changes=CHANGES)
    container = run(image, health_interval=1, health_retries=2)

    wait_for_health(container, "unhealthy")

    assert "curl: not found" in container.handle.state.health.log[-1].output
    assert container.get("/health/live").status_code == 200


def test_docker_leaves_the_unhealthy_running(image, run):
    """After three failed checks, not even the policy `always` restarts the container."""
    container = run(image, "sleep", "600", ready="", restart="always", **SECOND)

    wait_for_health(container, "unhealthy", checks=3)

    assert container.running
    assert container.handle.restart_count == 0


def wait_for_health(container, status=None, checks=1):
    """Wait until a container has this status, after this many checks, and return its health."""

    def known():
        health = container.handle.state.health
        return status in {None, health.status} and len(health.log or []) >= checks and health

    health = wait_until(known)
    assert health, f"not {status}:\n{container.logs()}"
    return health


def fails(container, *command):
    """Return whether a command inside exits with a code other than 0."""
    try:
        container.exec(*command)
    except DockerException:
        return True
    return False
