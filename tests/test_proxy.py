"""The proofs of docs/proxy.md."""

import re
import shutil
import time

import pytest

from harness import SNIPPETS
from harness.container import wait_until
from harness.load import Load
from harness.texts import edited
from scenarios.proxied import BY_DEFAULT, CONF, SERVE, STARTED, STATIC, TEXT

COMPOSE = "proxy/nginx.compose.yaml"
IN_STATIC_IMAGE = "static-files/nginx.default.conf"
BASE = "nginxinc/nginx-unprivileged:1.30"
ONCE = edited(re.sub(r" +resolver .+\n", "", TEXT), {" resolve ": " "})
GZIP = {"Accept-Encoding": "gzip"}
OF_STATIC_FILES = ("Content-Type", "Content-Encoding", "Cache-Control", "Vary")
OF_STATIC_FILES += ("X-Content-Type-Options",)
ONE_THREAD = ("--worker-class", "gthread", "--keep-alive", "75")
LOGGED = (*SERVE, "--access-logfile", "-")
SAYS_WHAT_IT_BEGINS = ("--log-level", "debug")
ONE_WORKER = {"WEB_CONCURRENCY": "1"}
ONE_PROCESS = "s/worker_processes .*/worker_processes 1;/"
BUSY = 12  # how many seconds the busy worker takes for its request


def test_both_containers_serve_a_page(app_image, build, stack):
    """With the page's files, Compose starts a site with a page and the stylesheet it links to."""
    images = {"nginx": build(STATIC, files=[CONF]), "web": app_image}
    stack = stack(COMPOSE, {name: {"image": image} for name, image in images.items()})
    stack.up()
    nginx, web = stack.service("nginx"), stack.service("web")
    wait_until(lambda: nginx.get().status_code == 200)

    style = re.search(r'href="(\S+\.css)"', nginx.get().text)[1]
    assert nginx.get(style).headers["Content-Type"].startswith("text/css")
    assert web.ports == []


def test_nginx_accepts_the_file(official, replay, tmp_path):
    """The page's command runs next to the file, without Gunicorn."""
    official(BASE)
    shutil.copy(SNIPPETS / CONF, tmp_path / "default.conf")

    assert "test is successful" in replay("proxy/check.console", cwd=tmp_path)


def test_static_files_are_sent_as_the_static_image_sends_them(build, run, by_the_page):
    """Requests a hashed name, a plain name and a missing file, with and without gzip."""
    alone = run(build(STATIC, files=[IN_STATIC_IMAGE]), ready=STARTED)
    nginx = by_the_page
    style = re.search(r'href="(\S+\.css)"', nginx.get().text)[1]
    paths = [style, "/static/core/site.css", "/static/core/logo.svg", "/static/no.css"]

    for path in paths:
        for headers in GZIP, {"Accept-Encoding": "identity"}:
            answers = [c.get(path, headers=headers) for c in (alone, nginx)]
            found = [[a.status_code, *map(a.headers.get, OF_STATIC_FILES)] for a in answers]
            assert found[0] == found[1]
    assert "immutable" in nginx.get(style).headers["Cache-Control"]


def test_nginx_starts_before_gunicorn(proxied, small_image):
    """The host name does not exist yet: without `resolve`, nginx exits; with it, nginx waits."""
    lone = proxied.start_nginx(ONCE, ready="host not found in upstream")
    nginx = proxied.start_nginx()
    before = nginx.get("/health/").status_code
    proxied.start_web(image=small_image)

    assert lone.exit_code == 1
    assert before == 502
    assert wait_until(lambda: nginx.get("/health/").status_code == 200)


def test_replaced_container_is_found(proxied, small_image):
    """The new container has another address, and nginx is not restarted."""
    old = proxied.start(image=small_image).web
    new = proxied.start_web(image=small_image)
    addresses = [container.ip_address for container in (old, new)]
    old.stop(grace=0)

    assert addresses[0] != addresses[1]
    assert wait_until(lambda: proxied.get("/health/").status_code == 200)


def test_second_container_answers_meanwhile(proxied, small_image):
    """Each of two containers is restarted, one after the other, and every client gets its page."""
    second = proxied.start_web(*LOGGED, image=small_image)
    first = proxied.start(*LOGGED, image=small_image).web
    asked_both(proxied, first, second)

    with Load(f"{proxied.address}/health/") as load:
        for container in first, second:
            container.handle.restart()
            container.wait_for_log("Booting worker", count=2)  # one at each start
            answers = container.logs().count("/health/")
            container.wait_for_log("/health/", count=answers + 10)
            load.wait_for_each()  # one may still try to connect to the stopped container

    assert load.lost == 0, load.answers


def test_slow_get_runs_on_both_containers(proxied, small_image):
    """The response takes longer than nginx waits: both log the request, the client gets a 504."""
    short = edited(TEXT, {"proxy_read_timeout 60s;": "proxy_read_timeout 2s;"})
    second = proxied.start_web(*LOGGED, image=small_image)
    first = proxied.start(*LOGGED, nginx={"text": short}, image=small_image).web
    asked_both(proxied, first, second)

    assert proxied.get("/sleep/6/").status_code == 504
    for container in first, second:
        container.wait_for_log("GET /sleep/6/")


def test_lone_container_is_missed(proxied, small_image):
    """During the only container's restart, clients get a 502; afterwards, they get responses."""
    web = proxied.start(image=small_image).web

    with Load(f"{proxied.address}/health/") as load:
        web.handle.restart()
        wait_until(lambda: web.logs().count("Listening at") == 2)

    assert load.answers[502] > 0
    assert wait_until(lambda: proxied.get("/health/").status_code == 200)


@pytest.mark.parametrize(
    ("conf", "requests"), [(TEXT, 25), (BY_DEFAULT, 2)], ids=["page", "default"]
)
def test_kept_connection_waits_for_its_worker(proxied, small_image, inside, conf, requests):
    """Connections open while there is one worker; later it is busy, and a second one is idle.

    With nginx's default, fast requests wait for the busy one; with the page's file, some do not.
    nginx has one process, because each of its processes has connections of its own.
    """
    command = [*SERVE, *ONE_THREAD, *SAYS_WHAT_IT_BEGINS]
    options = {"image": small_image, "env": ONE_WORKER}
    main = inside(proxied.nginx_options()[0], "sed", ONE_PROCESS, "/etc/nginx/nginx.conf").output
    assert "worker_processes 1;" in main
    nginx = {"text": conf, "others": {"nginx.conf": main}}
    web = proxied.start(*command, nginx=nginx, **options).web
    kept = requests + 1 if conf == BY_DEFAULT else 0  # one more for the busy worker
    assert wait_until(lambda: ask(proxied, "/sleep/0.7/", 6) and len(web.clients_read()) >= kept)
    first = web.get("/whoami/").json()["pid"]
    web.kill("SIGTTIN")
    assert wait_until(lambda: web.get("/whoami/").json()["pid"] != first)
    proxied.nginx.start_get(f"/sleep/{BUSY}/")
    web.wait_for_log(f"GET /sleep/{BUSY}/")

    waits = [answer.elapsed.total_seconds() for answer in ask(proxied, "/health/", requests, 0.1)]

    assert (min(waits) > BUSY / 2) == (conf == BY_DEFAULT), waits


def asked_both(proxied, *containers):
    """Wait until nginx has sent a request to each of them."""

    def asked():
        proxied.get("/whoami/")
        return all("/whoami/" in container.logs() for container in containers)

    assert wait_until(asked)


def ask(proxied, path, requests, pause=0):
    """Send this many requests without waiting in between, and return the responses."""
    answers = []
    for _ in range(requests):
        answers.append(proxied.nginx.start_get(path))
        time.sleep(pause)
    return [answer.result() for answer in answers]
