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
from scenarios.walk import TRIED, follow_on

MACHINE = SCENARIOS / "quadlet.Dockerfile"
FILE = "/etc/containers/systemd/shop.container"
CONTAINER = (SNIPPETS / "quadlet/locked.shop.container").read_text()
ENVIRONMENT = (SNIPPETS / "quadlet/values.shop.env").read_text()
NGINX = (SNIPPETS / "quadlet/https.shop.conf").read_text()
FOR_ALL = edited(CONTAINER, {"127.0.0.1:8000": "8000"})  # so that this machine's port leads to it
CONF = "/etc/nginx/conf.d/shop.conf"
GENERATOR = "/usr/libexec/podman/quadlet -dryrun"
LOOK = "touch /app/x; touch /tmp/x && echo tmp; cat /proc/1/status"


@pytest.fixture(scope="module")
def booted(build, builder, docker, running, shared_network):
    """Return a machine with Podman and the app image, booted once for this file's tests.

    It is not on the engine's own network, whose addresses its Podman uses if that is Podman, too.
    """
    at = {"networks": [shared_network]}
    with running(builder.build(MACHINE), **at, **PRIVILEGED) as container:
        podman = Podman(docker, container.handle)
        assert podman.sh(BOOTED) in {"running", "degraded"}
        podman.load(app(build))
        yield podman


@pytest.fixture
def podman(booted):
    """Return that machine with the unit's files; the unit is stopped at the end."""
    booted.write({FILE: FOR_ALL, "/etc/shop.env": ENVIRONMENT})
    yield booted
    booted.sh("systemctl stop shop; systemctl reset-failed shop; podman volume rm shop")


def test_generator_accepts_the_file(podman):
    """The generator makes a valid unit from the page's file, and rejects an unknown key by name."""
    podman.write({FILE: CONTAINER})
    unit = podman.sh(GENERATOR)
    podman.write({FILE: edited(CONTAINER, {"ReadOnly=": "Readonly="})})

    assert "--publish 127.0.0.1:8000:8000" in unit
    assert "unsupported key" not in unit
    assert "unsupported key 'Readonly'" in podman.sh(GENERATOR)


def test_start_waits_until_it_is_healthy(podman, replay):
    """The page's transcript runs; then Django responds, and systemd reports the unit as healthy."""
    replay("quadlet/start.console", systemctl=f"docker exec {podman.handle.id} systemctl")

    status = podman.sh("podman inspect --format '{{.State.Health.Status}}' systemd-shop")
    assert status == "healthy"
    assert podman.get("/", **HOST).status_code == 200


def test_rows_outlive_the_unit(podman, replay):
    """The page's transcript migrates; a note still exists after a restart of the unit."""
    replay("quadlet/migrate.console", podman=f"docker exec {podman.handle.id} podman")
    start(podman)
    options = {"data": {"text": "kept for ever"}, "timeout": PATIENCE, "verify": TLS, **HOST}
    posted = httpx.post(f"{podman.address}/notes/", **options)

    podman.sh("systemctl restart shop")

    assert posted.status_code == 200
    assert "kept for ever" in podman.get("/notes/", **HOST).text


def test_form_passes_to_the_quadlet(podman):
    """Both of the page's files, unchanged: HTTPS to nginx, and from there to the published port."""
    podman.write({FILE: CONTAINER})
    start(podman)
    podman.sh("podman exec systemd-shop python manage.py migrate")

    status, text = forms.posted_by_nginx(podman, NGINX)

    assert status == "200"
    assert forms.PASSED in text
    assert forms.stylesheet_of_nginx(podman).startswith("200 text/css")


def test_quadlet_page_leads_to_the_admin_over_https(podman, walk, startproject):
    """The robot saves each file under its caption, and runs every command, in the page's order."""
    walk.begin(startproject())
    for page in "settings", "dockerfile", "health-checks":
        walk.follow(page, without=TRIED)
    walk.build()
    with podman.holding(walk.image):
        podman.sh("rm -f /etc/shop.env /etc/containers/systemd/*")
        follow_on(podman, "quadlet")

        status, text = forms.posted_by_nginx(podman, podman.exec("cat", CONF))
        sheet = forms.stylesheet_of_nginx(podman, forms.LOGIN, forms.STYLES)

    assert status == "200"
    assert forms.PASSED in text
    assert sheet.startswith("200 text/css")


def test_quadlet_runs_the_locked_container(podman):
    """The root is read-only, /tmp is writable, there are no capabilities, and limits are set."""
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
    """A request of 13 s outlives `systemctl stop`; Podman's default would wait for ten seconds."""
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
    """Once its workers are suspended, Podman kills the container, and systemd starts another."""
    fast = edited(FOR_ALL, {"HealthInterval=10s": "HealthInterval=1s\nHealthRetries=1"})
    podman.write({FILE: fast})
    start(podman)
    before = podman.sh("podman inspect --format '{{.Id}}' systemd-shop")

    podman.sh("podman exec systemd-shop sh -c 'kill -STOP -1'")  # each except the first

    restarted = "systemctl show shop --value --property NRestarts"
    assert wait_until(lambda: podman.sh(restarted) not in {"", "0"})
    assert wait_until(lambda: podman.sh("systemctl is-active shop") == "active")
    assert podman.sh("podman inspect --format '{{.Id}}' systemd-shop") != before


def start(podman):
    """Make systemd read the files again, and start the unit."""
    assert podman.sh("systemctl daemon-reload && systemctl start shop") == ""
