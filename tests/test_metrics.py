"""The proofs of docs/metrics.md."""

import json
import re
import shutil
import urllib.parse
from contextlib import suppress

import httpx
import pytest
from python_on_whales.exceptions import DockerException

from harness import ENVIRONMENT, PROBES, PROJECT, ROOT, SNIPPETS
from harness.container import wait_until
from harness.stack import Stack
from harness.texts import edited
from scenarios.production import HOST

APP = "dockerfile/app.Dockerfile"
PAGE = "metrics"
FILES = [f"{PAGE}/workers.gunicorn.conf.py", f"{PAGE}/server.serve_metrics.py"]
NEXT_TO_IT = ["scrape.prometheus.yml", "web.alerts.yml", "web.alerts_test.yml"]
PROMETHEUS = "prom/prometheus:v3.5.3"
PACKAGES = (PROJECT / "requirements.txt").read_text()
PACKAGES += (SNIPPETS / PAGE / "more.requirements.txt").read_text()
STATSD = "--statsd-host 127.0.0.1:8125 --enable-backlog-metric --threads 2"
NAMES = ["gunicorn.requests", "gunicorn.request.duration", "gunicorn.request.status.200"]
NAMES += ["gunicorn.backlog"]
RECEIVE = (PROBES / "receive_statsd.py").read_text()
GET = (PROBES / "get.py").read_text()
COMPOSE = (SNIPPETS / PAGE / "prometheus.compose.yaml").read_text()
SERVICE = re.search(r"(?s)  prometheus:.*?\n(?=\nvolumes:)", COMPOSE)[0]
COPIED = {"\nservices:\n": f"\nservices:\n{SERVICE}"}
COPIED |= {"\nvolumes:\n  db:\n": "\nvolumes:\n  db:\n  prometheus:\n"}
MOUNTED = {
    '["./nginx:/etc/nginx/conf.d:ro"]': (
        '["./nginx:/etc/nginx/conf.d:ro",'
        ' "./request-id.conf:/etc/nginx/locations/request-id.conf:ro"]'
    )
}
HEALTH_FIRST = 'MIDDLEWARE.insert(0, "core.health.middleware")\n'
NOT_YET = ["json-logs/see.console", "json-logs/postgresql.console"]
NOT_YET += [f"{PAGE}/prometheus.compose.yaml", f"{PAGE}/gunicorn.dashboard.json"]
SOON = {"scrape_interval: 15s": "scrape_interval: 1s"}
SOON |= {"evaluation_interval: 15s": "evaluation_interval: 1s"}
BUSY_SOON = {"gunicorn_threads\n        for: 2m": "gunicorn_threads\n        for: 1s"}
OF_DATABASE = ["exec", "-T", "db", "sh", "-c", 'cat "$PGDATA"/log/*.json']
LOGGERS = {"nginx", "gunicorn.access", "django.request"}
OLD = "gauge_livesum_99.db"
LEFT = f"mkdir /dev/shm/metrics; echo old > /dev/shm/metrics/{OLD}; exec gunicorn core.wsgi"
LEFT += " --bind 0.0.0.0:8000 --no-control-socket"


@pytest.fixture(scope="module")
def image(build):
    """Build the app image with both of the page's files."""
    return build(APP, files=FILES, changes={"requirements.txt": PACKAGES})


@pytest.fixture(scope="module")
def web(image, running):
    """Return a container for the tests that only look at it."""
    with running(image) as web:
        web.wait_for_log("Booting worker", count=2)
        yield web


@pytest.fixture(scope="module")
def stack(docker, image, official, tmp_path_factory):
    """Start the page's Compose file, with intervals of one second instead of fifteen."""
    official(PROMETHEUS)
    folder = tmp_path_factory.mktemp("metrics")
    for name in NEXT_TO_IT:
        shutil.copy(SNIPPETS / PAGE / name, folder / name.partition(".")[2])
    conf, alerts = folder / "prometheus.yml", folder / "alerts.yml"
    conf.write_text(edited(conf.read_text(), {": 15s": ": 1s"}, times=2))
    alerts.write_text(edited(alerts.read_text(), {"for: 2m": "for: 1s"}, times=2))
    file = f"{PAGE}/prometheus.compose.yaml"
    stack = Stack(docker, folder, file, {"web": {"image": image}}, ENVIRONMENT)
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


@pytest.mark.docker_only("BuildKit, which builds both images of the Compose file")
def test_pages_lead_to_one_id_in_four_logs_and_to_an_alert(walk, startproject):
    """The robot follows both pages, then sends a statement that fails, and slow ones."""
    walk.begin_compose(startproject())
    walk.do("logging/text.logs.py")
    walk.follow("json-logs", without=NOT_YET)
    walk.edit("core/settings.py", {HEALTH_FIRST: ""})
    walk.add("core/settings.py", HEALTH_FIRST)
    walk.do("logging/server.request-id.conf")
    walk.edit("compose.yaml", MOUNTED)
    walk.follow(PAGE, without=NOT_YET)
    walk.edit("compose.yaml", COPIED)
    walk.edit("prometheus.yml", SOON)
    walk.edit("alerts.yml", BUSY_SOON)
    walk.add_views("statements")
    walk.run(PAGE, "docker compose up --build --detach")
    site, nginx = walk.stack, walk.stack.service("nginx")

    def loggers():
        """Return the loggers of the lines with the request's ID, as the page's command shows."""
        log = walk.run("json-logs", "docker compose logs --no-log-prefix nginx web")
        lines = [json.loads(line) for line in log.splitlines() if sent in line]
        return {line["logger"] for line in lines if line["request_id"] == sent}

    assert wait_until(lambda: query(site, "gunicorn_threads") == ["4"])
    sent = nginx.get("/sql/?run=SELECT+1/0", **HOST).headers["X-Request-ID"]
    assert wait_until(lambda: loggers() == LOGGERS), loggers()
    assert wait_until(lambda: sent in site.read(*OF_DATABASE))
    shown = walk.type("json-logs/postgresql.console")
    assert f"/* {sent} */ SELECT 1/0" in shown
    assert [target["health"] for target in api(site, "targets")["activeTargets"]] == ["up"]
    assert "AllThreadsBusy" not in firing(site)
    assert keep_busy(nginx, site, "/sql/?run=SELECT+pg_sleep(2)", **HOST)


def test_metrics_are_the_sum_of_all_workers(web):
    """Both workers respond to requests; the endpoint counts all requests and all threads."""
    before, pids = metrics(web), []

    def both_responded():
        pids.append(web.get("/whoami/").json()["pid"])
        return len(set(pids)) == 2

    assert wait_until(both_responded)
    after = metrics(web)
    assert after["gunicorn_threads"] == 4
    assert after["gunicorn_busy_threads"] == 0
    assert after[ANSWERED] - before.get(ANSWERED, 0) == len(pids)


def test_metrics_do_not_need_a_free_thread(image, run):
    """Both threads of the only worker are busy, and the endpoint reports it."""
    container = run(image, env={"WEB_CONCURRENCY": "1"})
    container.wait_for_log("Booting worker")
    sleeping = [container.start_get("/sleep/8/") for _ in range(3)]

    assert wait_until(lambda: metrics(container).get("gunicorn_busy_threads") == 2)
    assert metrics(container)["gunicorn_threads"] == 2
    assert [response.result().text for response in sleeping] == ["slept"] * 3


def test_gunicorns_port_does_not_serve_metrics(web):
    """The port that the proxy uses returns 404, and the metrics port is not published."""
    assert web.get("/metrics").status_code == 404
    assert len(web.ports) == 1


def test_killed_worker_is_not_counted(image, run):
    """Workers are killed during a request; their threads are not counted, as busy or otherwise."""
    container = run(image)
    container.wait_for_log("Booting worker", count=2)
    container.start_get("/sleep/600/")
    assert wait_until(lambda: metrics(container).get("gunicorn_busy_threads") == 1)
    for worker in re.findall(r"Booting worker with pid: (\d+)", container.logs()):
        container.exec("python", "-c", f"import os; os.kill({worker}, 9)")
    container.wait_for_log("Booting worker", count=4)

    assert wait_until(lambda: metrics(container)["gunicorn_threads"] == 4)
    assert metrics(container)["gunicorn_busy_threads"] == 0


def test_start_empties_the_folder(image, run):
    """A file from an earlier start is gone once Gunicorn listens."""
    container = run(image, "sh", "-c", LEFT)
    container.wait_for_log("Booting worker", count=2)

    assert OLD not in container.exec("ls", "/dev/shm/metrics").split()


def test_metrics_cost_less_than_a_tenth_of_a_request():
    """In the page's table, the files add less than a tenth to a request's CPU time."""
    table = json.loads((ROOT / "docs/_data/metrics.json").read_text())["tables"]["overhead"]
    without, counting = [row[1] for row in table["rows"]]

    assert counting - without < without / 10


def test_promtool_tests_the_alerts(official, replay, tmp_path):
    """The page's command tests the page's files."""
    official(PROMETHEUS)
    for name in NEXT_TO_IT:
        shutil.copy(SNIPPETS / PAGE / name, tmp_path / name.partition(".")[2])

    tmp_path.chmod(0o755)  # promtool does not run as root

    printed = replay(f"{PAGE}/test.console", cwd=tmp_path)
    assert "SUCCESS" in printed


def test_statsd_gets_requests_and_backlog(plain_image, run):
    """A UDP socket in the container receives all four metrics, but none about threads."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": STATSD})
    sent = container.exec("python", "-c", RECEIVE, *NAMES).split()

    assert {line.partition(":")[0] for line in sent} >= {*NAMES}
    assert not [line for line in sent if "thread" in line or "busy" in line]


def test_prometheus_sees_one_target_for_two_workers(stack):
    """The container is one target, which is up and reports the threads of both workers."""
    assert wait_until(lambda: query(stack, 'up{job="web"}') == ["1"])

    targets = api(stack, "targets")["activeTargets"]
    assert [target["health"] for target in targets] == ["up"]
    assert wait_until(lambda: query(stack, "gunicorn_threads") == ["4"])


def test_alert_fires_when_all_threads_are_busy(stack):
    """With more requests than threads, the alert fires until the last request is done."""
    assert "AllThreadsBusy" not in firing(stack)
    assert keep_busy(stack.service("web"), stack, "/sleep/2/")
    assert wait_until(lambda: "AllThreadsBusy" not in firing(stack))


def test_every_query_of_the_dashboard_has_a_value(stack):
    """Prometheus evaluates the queries, with an interval instead of Grafana's variable."""
    panels = json.loads((SNIPPETS / PAGE / "gunicorn.dashboard.json").read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]

    def without_value():
        """Send a request, and return the queries that have no value yet."""
        stack.service("web").get("/health/")
        asked = {text: text.replace("$__rate_interval", "1m") for text in queries}
        return [text for text, sent in asked.items() if not number(query(stack, sent))]

    stack.service("web").wait_for_log("Booting worker", count=2)
    assert len(queries) == len({*queries}) >= 7
    assert wait_until(lambda: not without_value()), without_value()
    assert query(stack, "sum(gunicorn_busy_thread)") == []


ANSWERED = 'gunicorn_request_seconds_count{status="200"}'


def metrics(container):
    """Return the values from a container's endpoint, by name and labels, once it listens."""

    def read():
        with suppress(DockerException):
            return container.exec("python", "-c", GET, "http://127.0.0.1:9000/metrics")

    text = wait_until(read)
    rows = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in rows}


def api(stack, path):
    """Return Prometheus's response."""
    [prometheus] = stack.services("prometheus")
    try:
        return prometheus.get(f"/api/v1/{path}").json()["data"]
    except (httpx.TransportError, json.JSONDecodeError, KeyError):
        return {}


def query(stack, expression):
    """Return an expression's values; there are none before Prometheus is ready."""
    found = api(stack, f"query?query={urllib.parse.quote(expression)}").get("result", [])
    return [row["value"][1] for row in found]


def keep_busy(server, stack, path, **options: object):
    """Keep 16 requests in progress until AllThreadsBusy fires, and return whether it does.

    One worker may accept more requests than the other. All requests succeed.
    """
    waiting = []

    def fires():
        done = [response for response in waiting if response.done()]
        assert all(response.result().status_code == 200 for response in done)
        waiting[:] = [response for response in waiting if response not in done]
        waiting.extend(server.start_get(path, **options) for _ in range(16 - len(waiting)))
        return "AllThreadsBusy" in firing(stack)

    fired = wait_until(fires)
    assert {response.result().status_code for response in waiting} == {200}
    return fired


def number(values):
    """Return whether there are values, and all of them are numbers."""
    return values and all(value != "NaN" for value in values)


def firing(stack):
    """Return the names of the alerts that are firing."""
    alerts = api(stack, "alerts").get("alerts", [])
    return [alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"]
