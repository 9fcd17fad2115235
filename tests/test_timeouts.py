"""The proofs of docs/timeouts.md."""

import re
import runpy
import time

import httpx
import pytest

from harness import ENVIRONMENT, SNIPPETS
from harness.container import PATIENCE
from harness.pauses import paused

APP = "signals/exec-form.Dockerfile"
NGINX = ("static-files/nginx.Dockerfile.static", "static-files/nginx.default.conf")
FILES = ["timeouts/in-order.gunicorn.conf.py"]
COMPOSE = "timeouts/in-order.compose.yaml"
GUNICORN = ["gunicorn", "--bind", "0.0.0.0:8000", "--no-control-socket"]
SYNC = [*GUNICORN, "core.wsgi"]
GTHREAD = [*SYNC, "--worker-class", "gthread", "--threads", "2"]
ASGI = [*GUNICORN, "core.asgi:application", "--worker-class", "asgi"]
FOUR_SECONDS = ["--timeout", "4"]
KILLED = "WORKER TIMEOUT"
LOCK_THE_DATABASE_AND_ASK = """
import socket, sqlite3
lock = sqlite3.connect("/tmp/db.sqlite3", isolation_level=None)
lock.execute("BEGIN EXCLUSIVE")
client = socket.create_connection(("127.0.0.1", 8000))
client.sendall(b"GET /notes/ HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\n\\r\\n")
while client.recv(1024):
    pass
"""
ASK_AGAIN_AFTER_FIVE_SECONDS = """
import socket, time
client = socket.create_connection(("127.0.0.1", 8000))
for seconds in (5, 0):
    client.sendall(b"HEAD /health/ HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n")
    print(client.recv(1024).decode().partition("\\r\\n")[0] or "closed")
    time.sleep(seconds)
"""
SLOW_IMPORT = """
import time
print("importing", flush=True)
time.sleep(8)
from core.wsgi import application
"""
WRITE = f"echo '{SLOW_IMPORT}' > /tmp/slow.py && "
SLOW = f"{WRITE} exec {' '.join(GUNICORN)} slow:application --pythonpath /tmp"
PROXY = """
daemon off;
error_log /dev/stderr notice;
pid /tmp/nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path /tmp/body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    server {
        listen 8080;
        proxy_set_header Host 127.0.0.1;
        location / { proxy_pass http://127.0.0.1:8000; }
        location /sleep/ { proxy_pass http://127.0.0.1:8000; proxy_read_timeout 2s; }
    }
}
"""
NGINX_AS_A_PROXY = f"echo '{PROXY}' > /tmp/proxy.conf && exec nginx -c /tmp/proxy.conf"


def test_inner_limit_spares_the_worker(build, run):
    """Django gives up on a locked database after 1 s, or after 20 s; the timeout is 5 s."""
    patient = run(build(APP), *SYNC, "--timeout", "5", env=database_timeout(20))
    brief = run(build(APP), *SYNC, "--timeout", "5", env=database_timeout(1))

    for container in (patient, brief):
        container.exec("python", "-c", LOCK_THE_DATABASE_AND_ASK)

    patient.wait_for_log(KILLED)
    assert "database is locked" not in patient.logs()
    assert KILLED not in brief.logs()
    brief.wait_for_log("database is locked")


def test_sync_cuts_a_stream_at_the_timeout(build, run):
    """A view sends a line a second for eight seconds, but the timeout is four."""
    sync = run(build(APP), *SYNC, *FOUR_SECONDS)
    gthread = run(build(APP), *GTHREAD, *FOUR_SECONDS)

    sync.get("/health/")
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        sync.get("/stream/8/1/")

    sync.wait_for_log(KILLED)
    assert gthread.get("/stream/8/1/").text.split() == list("01234567")


def test_stop_suspends_the_timeout(build, run):
    """After SIGTERM, a request of nine seconds gets its response, with a timeout of four."""
    container = run(build(APP), *SYNC, *FOUR_SECONDS)
    response = container.start_sleep(9)
    container.kill("SIGTERM")

    assert response.result().text == "slept"
    assert container.exit_code == 0
    assert KILLED not in container.logs()


def test_equal_graces_end_in_a_kill(build, run):
    """Docker and Gunicorn both wait three seconds; one of up to five stops ends in a kill."""
    for _ in range(5):
        container = run(build(APP), *SYNC, "--graceful-timeout", "3")
        container.start_sleep(20)
        stopped = container.stop(grace=3)
        if stopped.exit_code == 137:
            break

    assert stopped.exit_code == 137


def test_files_keep_the_order():
    """Each timeout of the two files is longer than the one inside it; nginx's is 60 s."""
    limits = runpy.run_path(SNIPPETS / FILES[0])
    grace = int(re.search(r"grace_period: (\d+)s", (SNIPPETS / COMPOSE).read_text())[1])

    assert limits["timeout"] < limits["graceful_timeout"] < grace
    assert limits["keepalive"] > 60


def test_compose_grace_holds_for_docker_stop(build, stack):
    """With both of the page's files, a request of 13 s outlives a plain `docker stop`."""
    web = {"image": build(APP, files=FILES), "environment": ENVIRONMENT, "ports": ["8000"]}
    compose = stack(COMPOSE, {"web": web})
    compose.up()
    container = compose.service("web")
    response = container.start_sleep(13)

    stopped = container.stop()

    assert response.result().text == "slept"
    assert stopped.exit_code == 0


def test_proxy_that_gives_up_leaves_the_worker_busy(build, run):
    """The client gets a 504 after two seconds; the next client waits until the 20 s are over."""
    image = build(NGINX[0], files=NGINX[1:])
    proxy = run(image, "sh", "-c", NGINX_AS_A_PROXY, ready="start worker process")
    app = run(build(APP), *SYNC, networks=[f"container:{proxy.handle.id}"], publish_all=False)
    app.wait_for_log("Booting worker")
    assert proxy.get("/health/").text == "ok"
    start = time.monotonic()

    given_up, answered = proxy.get("/sleep/20/"), time.monotonic() - start
    proxy.get("/health/")

    assert given_up.status_code == 504
    assert answered < 15
    assert time.monotonic() - start >= 20


def test_sync_closes_each_connection(build, run):
    """The response has the header Connection: close, regardless of --keep-alive."""
    container = run(build(APP), *SYNC, "--keep-alive", "75")

    assert container.get("/health/").headers["Connection"] == "close"


def test_gthread_closes_an_idle_connection(build, run):
    """The first request on a connection gets a response; the second, 5 s later, does not."""
    container = run(build(APP), *GTHREAD)

    answers = container.exec("python", "-c", ASK_AGAIN_AFTER_FIVE_SECONDS)

    assert answers.splitlines() == ["HTTP/1.1 200 OK", "closed"]


def test_asgi_closes_an_idle_connection(build, run):
    """The second request comes after 5 s: it gets a response only with a longer --keep-alive."""
    two = run(build(APP), *ASGI), run(build(APP), *ASGI, "--keep-alive", "75")
    command = "python", "-c", ASK_AGAIN_AFTER_FIVE_SECONDS

    for container in two:
        container.wait_for_log("ASGI server listening")
    asked = [container.background.submit(container.exec, *command) for container in two]
    closed, kept = (answers.result().splitlines() for answers in asked)

    assert closed == ["HTTP/1.1 200 OK", "closed"]
    assert kept == ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK"]


def test_longer_keepalive_keeps_an_idle_connection(build, run):
    """With the page's file, both requests get a response."""
    container = run(build(APP, files=FILES), *GTHREAD)

    answers = container.exec("python", "-c", ASK_AGAIN_AFTER_FIVE_SECONDS)

    assert answers.splitlines() == ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK"]


@pytest.mark.parametrize("threads", ["1", "2"])
def test_import_may_outlast_the_timeout(build, run, threads):
    """An import takes 8 s, with a timeout of 4 s; the first request waits until it is done."""
    command = f"{SLOW} --timeout 4 --threads {threads}"
    container = run(build(APP), "sh", "-c", command)

    assert container.get("/health/").text == "ok"
    assert container.logs().count("importing") == 1
    assert KILLED not in container.logs()


def test_preload_as_first_process_ignores_sigterm(build, run):
    """Docker's grace period ends before the import does, and Docker kills the container."""
    container = run(build(APP), "sh", "-c", f"{SLOW} --preload", ready="importing")

    assert container.stop(grace=2).exit_code == 137


def test_init_ends_a_slow_preload(build, run):
    """With --init, the signal ends the same import long before it is done."""
    container = run(build(APP), "sh", "-c", f"{SLOW} --preload", ready="importing", init=True)

    assert container.stop(grace=PATIENCE).exit_code == 143


def test_asgi_has_no_request_timeout(build, run):
    """A request of nine seconds, with a timeout of four, gets its response."""
    container = run(build(APP), *ASGI, *FOUR_SECONDS)

    response = container.get("/sleep/9/")

    assert response.text == "slept"
    assert KILLED not in container.logs()


@pytest.mark.cgroup
def test_pause_longer_than_the_timeout_kills_workers(build, run, docker):
    """Master and workers wake at the same time, and chance decides which of them acts first."""
    flags = ["--timeout", "2", "--preload", "--workers", "4"]
    container = run(build(APP), *SYNC, *flags)
    container.wait_for_log("Booting worker", count=4)
    deadline = time.monotonic() + PATIENCE
    while KILLED not in container.logs() and time.monotonic() < deadline:
        with paused(docker, container):
            time.sleep(4)
        time.sleep(2)

    container.wait_for_log(KILLED)


def database_timeout(seconds):
    """Return the environment in which Django waits this long for a locked database."""
    return {"DATABASE_URL": f"sqlite:////tmp/db.sqlite3?timeout={seconds}"}
