"""The proofs of docs/error-tracking.md."""

import json
import os
import re
import uuid
from contextlib import contextmanager

import httpx
import pytest

from harness import PROBES, PROJECT, SNIPPETS, engine
from harness.container import PATIENCE, wait_until
from harness.texts import edited

APP = "dockerfile/app.Dockerfile"
PAGE = "error-tracking"
CONF = f"{PAGE}/master.gunicorn.conf.py"
PACKAGES = (PROJECT / "requirements.txt").read_text()
PACKAGES += (SNIPPETS / PAGE / "more.requirements.txt").read_text()
INIT = (SNIPPETS / PAGE / "each-process.settings.py").read_text()
SETTINGS = f'{(PROJECT / "core/settings.py").read_text()}{INIT}ROOT_URLCONF = "core.failing"\n'
FAILING = (PROBES / "failing_urls.py").read_text()
RECORD = (PROBES / "record_events.py").read_text()
ENV = {"SENTRY_DSN": "http://key@sentry:8000/1"}
ONE = {"WEB_CONCURRENCY": "1"}
AT_ONCE = 8
SERVE = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
LONGER = {'(max_request_body_size="never")': '(max_request_body_size="never", shutdown_timeout=60)'}


class Sentry:
    """A server on its own network, which records what the SDK sends to it."""

    def __init__(self, container, network) -> None:
        """Have what `run` needs so that an app sends its events here."""
        self.container = container
        self.options = {"networks": [network]}

    def events(self, text, web=None):
        """Return the events that contain a text, such as a request's query.

        With `web`, only those from this container: process IDs repeat in the next one.
        """
        events = [event for event in self.container.get().json() if text in json.dumps(event)]
        name = web and web.handle.config.hostname
        return [event for event in events if name in (None, event["server_name"])]

    def wait_for(self, text, count=1, web=None):
        """Wait for this many events that contain a text, and return them."""
        wait_until(lambda: len(self.events(text, web)) >= count)
        return self.events(text, web)

    def wait_for_line(self, line, web):
        """Wait for an event whose message is this line, and return all of them.

        The events after it contain the line too, as what happened before.
        """

        def found():
            events = self.events(line, web)
            return [e for e in events if line in json.dumps(e.get("logentry"))]

        return wait_until(found)

    @contextmanager
    def holding(self):
        """Read nothing until the end of the block, so that events wait in the app."""
        self.container.get("/hold")
        try:
            yield lambda: self.container.get("/held").json()
        finally:
            self.container.get("/release")


@pytest.fixture(scope="module")
def sentry(docker, plain_image, running):
    """Run the server, once for all tests."""
    run = os.environ["PROOFS_RUN"]
    name = f"{engine.REPOSITORY}-{run}-{uuid.uuid4().hex[:8]}"
    network = docker.network.create(name, labels={engine.LABEL: run})
    at = {"networks": [network], "network_aliases": ["sentry"], "ready": "Recording"}
    try:
        with running(plain_image, "python", "-c", RECORD, **at) as container:
            yield Sentry(container, network)
    finally:
        network.remove()


@pytest.fixture(scope="module")
def image(build):
    """Build the app image with the page's files, and a view that fails."""
    files = {"requirements.txt": PACKAGES, "core/settings.py": SETTINGS}
    return build(APP, files=[CONF], changes=files | {"core/failing.py": FAILING})


@pytest.fixture(scope="module")
def web(image, running, sentry):
    """Return a container that the tests share."""
    with running(image, env=ENV, **sentry.options) as web:
        web.wait_for_log("Booting worker", count=2)
        yield web


def test_each_worker_sends_its_exceptions(web, sentry):
    """Each request to the failing view leads to one event; the events come from both workers."""
    sent = fail_in_two_workers(web, sentry, "in-each")
    events = sentry.wait_for("in-each", count=sent)

    assert len(events) == sent
    for event in events:
        [error] = event["exception"]["values"]
        assert error["type"] == "RuntimeError"
        assert error["stacktrace"]["frames"][-1]["function"] == "fail"


def test_preloaded_workers_send_their_exceptions(image, run, sentry):
    """Both workers start after the master has sent an event, in a thread that they do not have."""
    env = ENV | {"GUNICORN_CMD_ARGS": "--preload"}
    web = run(image, env=env, **sentry.options)
    web.wait_for_log("Booting worker", count=2)
    first = workers(web)
    for worker in first:
        send_signal(web, worker, 9)
    web.wait_for_log("Booting worker", count=4)
    lines = [f"Worker (pid:{worker}) was sent SIGKILL" for worker in first]
    assert all(sentry.wait_for_line(line, web) for line in lines)

    fail_in_two_workers(web, sentry, "preloaded")
    assert not {worker_of(event) for event in sentry.events("preloaded")} & set(first)


def test_master_reports_a_killed_worker(web, sentry):
    """The event has the line from Gunicorn's log."""
    worker = workers(web)[-1]
    send_signal(web, worker, 9)
    line = f"Worker (pid:{worker}) was sent SIGKILL! Perhaps out of memory?"
    [event] = sentry.wait_for_line(line, web)

    assert (event["logger"], event["level"]) == ("gunicorn.error", "error")
    assert line in web.logs()


def test_worker_that_cannot_start_sends_its_exception(image, run, sentry):
    """The settings fail in their first lines, because SECRET_KEY is missing."""
    command = ["env", "--unset=SECRET_KEY", *SERVE]
    container = run(image, *command, env=ENV | ONE, ready="", **sentry.options)
    assert container.exit_code != 0
    [event] = sentry.wait_for("Exception in worker process")

    assert event["exception"]["values"][-1]["type"] == "KeyError"
    assert event["exception"]["values"][-1]["value"] == "'SECRET_KEY'"


def test_form_fields_are_in_no_event(web, sentry):
    """The field's value is nowhere in the event of a form whose view fails."""
    form = {"address": "12 Example Street"}

    def recorded():
        """Post again until an event arrives: the SDK drops what it cannot deliver."""
        response = httpx.post(f"{web.address}/fail/?form", data=form, timeout=PATIENCE)
        assert response.status_code == 500
        return sentry.events('"query_string": "form"')

    [event, *_] = wait_until(recorded)
    assert event["request"]["method"] == "POST"
    assert "Example" not in json.dumps(sentry.events('"query_string": "form"'))


def test_killed_worker_loses_the_events_that_wait(image, run, sentry):
    """The server reads nothing while three requests fail and their worker is killed."""
    web = run(image, env=ENV | ONE, **sentry.options)
    web.wait_for_log("Booting worker")
    with sentry.holding() as held:
        fail_three_times(web, "killed", held)
        send_signal(web, workers(web)[0], 9)
        web.wait_for_log("was sent SIGKILL")
    assert wait_until(lambda: web.get("/fail/?killed-after") and sentry.events("killed-after"))
    assert sentry.events("killed-1") == sentry.events("killed-2") == []


def test_stopping_worker_sends_the_events_that_wait(image, run, sentry, tmp_path):
    """The same, but with SIGTERM, and with more than two seconds for a slow machine."""
    settings = tmp_path / "settings.py"
    settings.write_text(edited(SETTINGS, LONGER))
    volumes = [(settings, "/app/core/settings.py", "ro")]
    web = run(image, env=ENV | ONE, volumes=volumes, **sentry.options)
    web.wait_for_log("Booting worker")
    with sentry.holding() as held:
        fail_three_times(web, "stopped", held)
        send_signal(web, workers(web)[0], 15)
        web.wait_for_log("Sentry is attempting to send")

    assert all(sentry.wait_for(f'"query_string": "stopped-{number}"') for number in range(3))


def test_timeout_of_a_sync_worker_is_two_events(image, run, sentry):
    """One is the master's line; the worker's shows where the request was stuck."""
    command = [*SERVE, "--timeout", "1"]
    web = run(image, *command, env=ENV | ONE, **sentry.options)
    web.wait_for_log("Using worker: sync")

    def stuck():
        """Send a request that takes too long, until a worker has had the time for its event."""
        web.get("/sleep/60/?stuck")
        return sentry.events('"query_string": "stuck"')

    [event, *_] = wait_until(stuck)
    assert sentry.wait_for("WORKER TIMEOUT")
    error = event["exception"]["values"][-1]
    assert error["type"] == "SystemExit"
    assert "sleep" in {frame["function"] for frame in error["stacktrace"]["frames"]}


def fail_in_two_workers(web, sentry, query):
    """Send requests that fail until two workers have sent events, and return their number."""
    sent = 0

    def from_both():
        """Send several at once, because an idle worker can accept all that come one by one."""
        nonlocal sent
        answers = [web.start_get(f"/fail/?{query}") for _ in range(AT_ONCE)]
        assert {answer.result().status_code for answer in answers} == {500}
        sent += AT_ONCE
        return len({worker_of(event) for event in sentry.events(query)}) == 2

    assert wait_until(from_both)
    return sent


def fail_three_times(web, query, held):
    """Send three requests that fail, and wait until the first one's event waits."""
    for number in range(3):
        assert web.get(f"/fail/?{query}-{number}").status_code == 500
    assert wait_until(held)


def worker_of(event):
    """Return the process ID of the worker in which the view failed."""
    return event["exception"]["values"][-1]["value"].removeprefix("worker ")


def workers(web):
    """Return the process IDs of all workers that have started."""
    return re.findall(r"Booting worker with pid: (\d+)", web.logs())


def send_signal(web, worker, number):
    """Send a signal to a worker."""
    web.exec("python", "-c", f"import os; os.kill({worker}, {number})")
