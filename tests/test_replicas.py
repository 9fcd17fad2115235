"""The proofs of docs/replicas.md."""

from concurrent import futures

import pytest

from harness import SNIPPETS
from harness.container import wait_until
from scenarios.nginx import Nginx
from scenarios.replicas import BOOTING, serve

COMPOSE = "replicas/two-by-two.compose.yaml"
SLOW = 10  # the duration of one request
PROXY = "location / { proxy_pass http://web:8000; proxy_set_header Host $http_host; }"


def test_compose_starts_two_containers_of_two_workers(app_image, stack):
    """Both containers respond, each with a master and two workers; the test adds the port."""
    assert "ports" not in (SNIPPETS / COMPOSE).read_text()
    compose = stack(COMPOSE, {"web": {"image": app_image, "ports": ["8000"]}})
    compose.up()

    containers = compose.services("web")
    for container in containers:
        container.wait_for_log(BOOTING, count=2)
    assert [container.get("/health/").text for container in containers] == ["ok", "ok"]
    assert [len(container.top()) for container in containers] == [3, 3]


def test_thin_container_still_has_a_master(small_image, run):
    """Gunicorn with one worker is two processes."""
    container = serve(run, small_image, workers=1)

    assert len(container.top()) == 2


def test_thin_containers_take_more_memory_than_a_thick_one(app_image, run):
    """Compares three single-worker containers, three workers, and three preloaded workers."""
    sizes = []
    for count, workers, flag in ((3, 1, ""), (1, 3, ""), (1, 3, "--preload")):
        containers = [serve(run, app_image, workers, flag) for _ in range(count)]
        for container in containers:
            container.get("/")
        sizes.append(sum(container.pss() for container in containers))
        for container in containers:
            container.remove()  # otherwise the next one shares its files with this one

    thin, thick, preloaded = sizes
    assert thin > thick
    assert preloaded < thin / 2


@pytest.mark.parametrize(
    ("workers", "flag", "waits"), [(1, "", True), (1, "--threads 2", False), (2, "", False)]
)
def test_busy_single_worker_answers_no_health_check(small_image, run, workers, flag, waits):
    """The check waits for the slow request, unless there is a second worker or thread."""
    container = serve(run, small_image, workers, flag)
    slow = container.start_sleep(SLOW)

    container.get("/health/")

    assert ended(slow) is waits
    assert slow.result().text == "slept"


@pytest.mark.parametrize(("count", "workers", "waits"), [(2, 1, True), (1, 2, False)])
def test_request_waits_behind_a_busy_container(
    network, build, small_image, run, tmp_path, count, workers, waits
):
    """Nginx distributes requests in turn; a master's workers accept them only when free."""
    options = {"networks": [network], "network_aliases": ["web"]}
    containers = [serve(run, small_image, workers, **options) for _ in range(count)]
    nginx = Nginx(build, run, tmp_path, PROXY, networks=[network])
    nginx.get("/health/")
    before = clients_read(containers)

    with futures.ThreadPoolExecutor() as client:
        slow = client.submit(nginx.get, f"/sleep/{SLOW}/")
        assert wait_until(lambda: clients_read(containers) - before)
        for _ in range(5):
            nginx.get("/health/")
        assert ended(slow) is waits


def ended(request):
    """Return whether a request has its response; its thread may need a moment to notice."""
    return bool(futures.wait([request], timeout=2).done)


def clients_read(containers):
    """Return the clients whose requests a worker in any of these containers has read."""
    return set().union(*(container.clients_read() for container in containers))
