"""The proofs of docs/quadlet.md."""

import httpx
import pytest

from harness import SCENARIOS, SNIPPETS
from harness.container import PATIENCE, TLS, wait_until
from harness.load import Load
from harness.texts import edited
from scenarios import forms
from scenarios.pods import HOST, Podman, app
from scenarios.systemd import BOOTED, PRIVILEGED

MACHINE = SCENARIOS / "quadlet.Dockerfile"
FILE = "/etc/containers/systemd/shop.container"
CONTAINER = (SNIPPETS / "quadlet/locked.shop.container").read_text()
ENVIRONMENT = (SNIPPETS / "quadlet/values.shop.env").read_text()
NGINX = (SNIPPETS / "quadlet/https.shop.conf").read_text()
FOR_ALL = edited(CONTAINER, {"127.0.0.1:8000": "8000"})  # for this machine's port to lead there
GENERATOR = "/usr/libexec/podman/quadlet -dryrun"
LOOK = "touch /app/x; touch /tmp/x && echo tmp; cat /proc/1/status"


@pytest.fixture(scope="module")
def booted(build, builder, docker, running):
    """Return a machine with Podman and the app image, which boots once for the tests here."""
    with running(builder.build(MACHINE), **PRIVILEGED) as container:
        podman = Podman(docker, container.handle)
        assert podman.sh(BOOTED) in {"running", "degraded"}
        podman.load(app(build))
        yield podman


@pytest.fixture
def podman(booted):
    """Return that machine with the files of the unit; in the end, the unit is stopped."""
    booted.write({FILE: FOR_ALL, "/etc/shop.env": ENVIRONMENT})
    yield booted
    booted.sh("systemctl stop shop; systemctl reset-failed shop; podman volume rm shop")


def test_generator_accepts_the_file(podman):
    """It makes a unit of the page's file, which verifies; a key that it does not know, it names."""
    podman.write({FILE: CONTAINER})
    unit = podman.sh(GENERATOR)
    podman.write({FILE: edited(CONTAINER, {"ReadOnly=": "Readonly="})})

    assert "--publish 127.0.0.1:8000:8000" in unit
    assert "unsupported key" not in unit
    assert "unsupported key 'Readonly'" in podman.sh(GENERATOR)


def test_start_waits_until_it_is_healthy(podman, replay):
    """The transcript of the page; then Django answers, and systemd knows it as healthy."""
    replay("quadlet/start.console", systemctl=f"docker exec {podman.handle.id} systemctl")

    status = podman.sh("podman inspect --format '{{.State.Health.Status}}' systemd-shop")
    assert status == "healthy"
    assert podman.get("/", **HOST).status_code == 200


def test_rows_outlive_the_unit(podman, replay):
    """The transcript of the page migrates; a note is still there after a restart of the unit."""
    replay("quadlet/migrate.console", podman=f"docker exec {podman.handle.id} podman")
    start(podman)
    options = {"data": {"text": "kept for ever"}, "timeout": PATIENCE, "verify": TLS, **HOST}
    posted = httpx.post(f"{podman.address}/notes/", **options)

    podman.sh("systemctl restart shop")

    assert posted.status_code == 200
    assert "kept for ever" in podman.get("/notes/", **HOST).text


def test_form_passes_to_the_quadlet(podman):
    """Both page's files as they are: by HTTPS to nginx, and from there to the published port."""
    podman.write({FILE: CONTAINER})
    start(podman)
    podman.sh("podman exec systemd-shop python manage.py migrate")

    status, text = forms.posted_by_nginx(podman, NGINX)

    assert status == "200"
    assert forms.PASSED in text
    assert forms.stylesheet_of_nginx(podman).startswith("200 text/css")


def test_quadlet_runs_the_locked_container(podman):
    """Its root is read-only, its /tmp is not, it has no capabilities, and its limits are set."""
    start(podman)
    inside = podman.sh('podman exec systemd-shop sh -c "$1"', LOOK)

    assert "'/app/x': Read-only file system" in inside
    assert "tmp\n" in inside
    assert "CapBnd:\t0000000000000000" in inside
    assert "NoNewPrivs:\t1" in inside
    assert podman.sh("systemctl show shop --value --property MemoryMax,TasksMax").split() == [
        str(512 * 2**20),
        "64",
    ]


def test_stop_of_the_unit_waits_for_requests(podman):
    """A request of 13 s outlives `systemctl stop`: Podman alone would wait for ten."""
    start(podman)
    response = podman.begin_get("/sleep/13/")

    podman.sh("systemctl stop shop")

    assert response.result().text == "slept"
    assert podman.sh("systemctl show shop --value --property Result") == "success"


def test_restart_of_the_unit_loses_requests(podman):
    """Clients keep sending requests while the container is replaced."""
    start(podman)
    with Load(f"{podman.address}/health/", **HOST) as load:
        podman.sh("systemctl restart shop")

    assert load.lost > 0
    assert load.answers[200] > 0


def test_unhealthy_container_is_replaced(podman):
    """The workers are stopped, so that nothing answers: Podman kills it, systemd starts another."""
    fast = edited(FOR_ALL, {"HealthInterval=10s": "HealthInterval=1s\nHealthRetries=1"})
    podman.write({FILE: fast})
    start(podman)
    before = podman.sh("podman inspect --format '{{.Id}}' systemd-shop")

    podman.sh("podman exec systemd-shop sh -c 'kill -STOP -1'")  # each but the first

    restarted = "systemctl show shop --value --property NRestarts"
    assert wait_until(lambda: podman.sh(restarted) not in {"", "0"})
    assert wait_until(lambda: podman.sh("systemctl is-active shop") == "active")
    assert podman.sh("podman inspect --format '{{.Id}}' systemd-shop") != before


def start(podman):
    """Read the files again, and start the unit."""
    assert podman.sh("systemctl daemon-reload && systemctl start shop") == ""
