"""The proofs of docs/tracing.md."""

import json

import pytest
import yaml

from harness import PROBES, PROJECT, SNIPPETS
from harness.texts import edited

APP = "dockerfile/app.Dockerfile"
CONF = "tracing/each-worker.gunicorn.conf.py"
PACKAGES = (PROJECT / "requirements.txt").read_text()
PACKAGES += (SNIPPETS / "tracing/more.requirements.txt").read_text()
RECORD = (PROBES / "record_spans.py").read_text()
OFTEN, NEVER = ({"OTEL_BSP_SCHEDULE_DELAY": delay} for delay in ("100", "3600000"))  # milliseconds
SPAN = "GET whoami/"
LOOK = (PROBES / "otlp_settings.py").read_text()


@pytest.fixture(scope="module")
def image(build):
    """Build the app image with the page's file and packages."""
    return build(APP, files=[CONF], changes={"requirements.txt": PACKAGES})


@pytest.fixture
def record(image, run):
    """Return a function that runs Gunicorn and the collector, and returns what this printed."""

    def record(mode, delay, **options: object):
        env = {"OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "process"} | delay | options.pop("env", {})
        container = run(image, env=env, **options)
        container.wait_for_log("Booting worker", count=2)
        printed = container.exec("python", "-c", RECORD, mode).splitlines()
        return [json.loads(line) for line in printed]

    return record


def test_each_worker_exports_its_spans(record):
    """A collector in the container receives spans from both workers while they run."""
    spans = record("running", OFTEN)

    assert {span["name"] for span in spans} == {SPAN}
    assert len({span["pid"] for span in spans}) == 2


def test_setup_before_the_fork_exports_too(record, tmp_path):
    """The same lines are in on_starting, which runs in the master, before it forks the workers."""
    conf = tmp_path / "gunicorn.conf.py"
    before = {"def post_fork(server, worker):": "def on_starting(server):"}
    conf.write_text(edited((SNIPPETS / CONF).read_text(), before))
    spans = record("running", OFTEN, volumes=[(conf, "/app/gunicorn.conf.py", "ro")])

    assert {span["name"] for span in spans} == {SPAN}
    assert len({span["pid"] for span in spans}) == 2


def test_stopping_worker_sends_its_spans_and_a_killed_one_does_not(record):
    """Spans are only sent once an hour; one worker is killed, and the other one is replaced."""
    workers, *spans = record("stopping", NEVER)

    assert spans
    assert {span["pid"] for span in spans} == {workers["stopped"]}
    assert workers["killed"] != workers["stopped"]


def test_preloaded_project_has_no_spans(record):
    """With --preload, the worker that stops has no spans to send."""
    workers, *spans = record("stopping", NEVER, env={"GUNICORN_CMD_ARGS": "--preload"})

    assert workers["stopped"]
    assert spans == []


def test_variables_of_the_file_are_those_that_opentelemetry_reads(image, inside):
    """The exporter's address and the service's name are the Compose file's."""
    text = (SNIPPETS / "tracing/collector.compose.override.yaml").read_text()
    env = yaml.safe_load(text)["services"]["web"]["environment"]
    printed = inside(image, "python", "-c", LOOK, env=env).output.split()

    assert printed == ["http://collector:4318/v1/traces", "web"]
