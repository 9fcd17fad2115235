"""The proofs of docs/memory.md."""

import json
import re
import statistics
from contextlib import suppress

import httpx
import pytest
from python_on_whales.exceptions import DockerException

from harness import SNIPPETS
from scenarios.memory import PRELOAD, READY, SHARED, ask

IMAGE = "signals/exec-form.Dockerfile"
GUNICORN = "exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
CONFIGURED = f'echo "$CONFIG" >/tmp/test.conf.py; {GUNICORN} --config /tmp/test.conf.py'
AGAINST_LEAKS = (SNIPPETS / "memory/against-leaks.gunicorn.conf.py").read_text()
COLLECT = """
def post_worker_init(worker):
    __import__("gc").collect()
    worker.log.info("Ready")
"""
LEAK = """
def pre_request(worker, request):
    worker.leak = [*getattr(worker, "leak", []), b"x" * 10**6]
"""
GREED = """
def pre_request(worker, request):
    worker.greed = b"x" * 10**9 if request.path == "/echo/" else b""
"""
KILLED = "was sent SIGKILL! Perhaps out of memory?"
REPLACED = "Autorestarting worker after current request."
ONE_HUNDRED = {"memory": "100m", "memory_swap": "100m"}  # enough for one worker
TOO_FEW = {"memory": "32m", "memory_swap": "32m"}  # too little to load Django
GROUP = "/sys/fs/cgroup/memory.oom.group"  # only in cgroup v2
USAGE = {
    "v1": "cd /sys/fs/cgroup/memory && cat memory.usage_in_bytes memory.stat",
    "v2": "cd /sys/fs/cgroup && cat memory.current memory.stat",
}
INACTIVE = {"v1": "total_inactive_file", "v2": "inactive_file"}


def test_eight_threads_take_hardly_more_than_one(build, run):
    """Once all have served, a worker with eight threads uses less than 1.25 times the memory."""
    image = build(IMAGE)
    flags = ["--worker-class", "gthread", "--threads"]
    one, eight = (serve(run, image, READY, 1, *flags, n) for n in ("1", "8"))

    for answer in [c.start_get("/sleep/0.5/") for c in (one, *[eight] * 8)]:
        assert answer.result().text == "slept"

    assert eight.pss() < 1.25 * one.pss()


def test_worker_loads_a_django_of_its_own(build, run):
    """Compares the memory of all processes, with one worker and with four."""
    image = build(IMAGE)

    one, four = (serve(run, image, READY, workers).pss() for workers in (1, 4))

    assert four > 2 * one


def test_preload_shares_django_between_workers(build, run):
    """Compares four workers with the page's file and two without it, at startup."""
    image = build(IMAGE)

    shared, apart = serve(run, image, SHARED + READY, 4), serve(run, image, READY, 2)

    assert shared.pss() < apart.pss()


def test_sharing_shrinks_under_load(build, run):
    """After a hundred requests, preloaded workers have grown more than twice as much as others."""
    image = build(IMAGE)
    apart, preloaded = serve(run, image, READY, 2), serve(run, image, PRELOAD + READY, 2)

    grown = [growth(container) for container in (apart, preloaded)]

    assert grown[1] > 2 * grown[0]


def test_full_collection_ends_the_sharing(build, run):
    """After one full garbage collection, preloaded workers use at least 1.4 times the memory."""
    image = build(IMAGE)

    before, after = (serve(run, image, PRELOAD + hook, 4).pss() for hook in (READY, COLLECT))

    assert after > 1.4 * before


def test_frozen_memory_stays_shared_after_a_collection(build, run):
    """Runs the same full collection with and without gc.freeze() before the workers start."""
    image = build(IMAGE)

    thawed, frozen = (serve(run, image, c + COLLECT, 4).pss() for c in (PRELOAD, SHARED))

    assert frozen < 0.8 * thawed


def test_freeze_saves_little_without_a_collection(build, run):
    """Sends the same requests with and without gc.freeze() before the workers start."""
    image = build(IMAGE)
    containers = [serve(run, image, config + READY, 4) for config in (PRELOAD, SHARED)]

    for container in containers:
        ask(container, "/echo/", 200)

    thawed, frozen = (container.pss() for container in containers)
    assert frozen > 0.75 * thawed


def test_rss_counts_shared_pages_again(build, run):
    """Over four preloaded workers, the sum of RSS is more than twice the sum of PSS."""
    container = serve(run, build(IMAGE), PRELOAD + READY, 4)

    assert sum_of("Rss", container) > 2 * sum_of("Pss", container)


def test_leak_ends_with_its_worker(build, run):
    """Each request leaks a megabyte: without restarts, the largest of 40 sizes is far higher."""
    image, config = build(IMAGE), PRELOAD + LEAK + READY
    kept = serve(run, image, config, 1)
    replaced = serve(run, image, config, 1, "--max-requests", "10")

    sizes = [[json.loads(t)["uss"] for *_, t in ask(c, "/memory/", 40)] for c in (kept, replaced)]

    assert replaced.logs().count(REPLACED) >= 3
    assert max(sizes[0]) > max(sizes[1]) + 20_000


def test_request_waits_for_the_new_worker(build, run):
    """The only worker is replaced after five of eight requests: all succeed, one waits longer."""
    container = serve(run, build(IMAGE), READY, 1, "--max-requests", "5")

    seconds, statuses, _ = zip(*ask(container, "/health/", 8), strict=True)

    assert set(statuses) == {200}
    assert max(seconds[5:]) > 5 * statistics.median(seconds)


def test_jitter_spreads_the_restarts(build, run):
    """With the page's file, the workers log different request limits."""
    image = build(IMAGE)
    config = AGAINST_LEAKS + PRELOAD + READY
    spread = limits(serve(run, image, config, 4))
    same = limits(serve(run, image, config, 4, "--max-requests-jitter", "0"))

    assert same == {1000}
    assert len(spread) > 1
    assert spread <= set(range(1000, 1101))


@pytest.mark.cgroup
def test_killed_worker_is_replaced(build, run):
    """A view allocates more than the limit: its client gets no response, but the next one does."""
    container = serve(run, build(IMAGE), GREED + READY, 1, **ONE_HUNDRED)
    with pytest.raises(httpx.TransportError):
        container.get("/echo/")

    log = container.wait_for_log("Ready", count=2)
    assert KILLED in log
    assert container.get("/health/").text == "ok"


@pytest.mark.docker_only("OOMKilled for a container that keeps running")
@pytest.mark.cgroup
def test_running_container_is_called_oom_killed(build, run):
    """A worker is killed; `docker inspect` reports OOMKilled for the running container."""
    container = serve(run, build(IMAGE), GREED + READY, 1, **ONE_HUNDRED)
    before = container.handle.state.oom_killed
    with pytest.raises(httpx.TransportError):
        container.get("/echo/")

    container.wait_for_log(KILLED)

    state = container.handle.state
    assert (before, state.oom_killed, state.status) == (False, True, "running")


@pytest.mark.cgroup
def test_boot_loop_is_not_restarted(build, run):
    """No worker fits in the memory limit: all are killed, but Docker does not restart anything."""
    container = serve(run, build(IMAGE), "", 0, restart="always", **TOO_FEW)

    container.wait_for_log(KILLED, count=3)

    assert container.handle.state.status == "running"
    assert container.handle.restart_count == 0


@pytest.mark.cgroup
def test_preload_lets_the_container_end(build, run):
    """With Django loaded in PID 1, the same limit kills PID 1."""
    container = run(build(IMAGE), "sh", "-c", f"{GUNICORN} --preload", ready="", **TOO_FEW)

    assert container.exit_code == 137
    assert container.handle.state.oom_killed


@pytest.mark.docker_only("runc, whose message this is")
@pytest.mark.cgroup
def test_limit_below_use_depends_on_the_version(build, run, docker, cgroup):
    """With `docker update` to 8 MB, cgroup v1 refuses the limit, and v2 kills the processes."""
    container = serve(run, build(IMAGE), READY, 1, **ONE_HUNDRED)
    lower = {"memory": "8m", "memory_swap": "8m"}

    if cgroup == "v1":
        with pytest.raises(DockerException, match="unable to set memory limit"):
            docker.container.update(container.handle, **lower)
        assert container.get("/health/").text == "ok"
    else:
        with suppress(DockerException):  # with the systemd driver, it may already be gone
            docker.container.update(container.handle, **lower)
        assert container.exit_code == 137
        assert container.handle.state.oom_killed


@pytest.mark.cgroup
def test_docker_lets_one_process_die(build, run, cgroup):
    """Under Docker, the kernel's switch for killing all processes is 0; cgroup v1 has none."""
    container = serve(run, build(IMAGE), READY, 1)

    found = container.exec("sh", "-c", f"cat {GROUP} 2>/dev/null || echo none")

    assert found.strip() == {"v1": "none", "v2": "0"}[cgroup]


@pytest.mark.cgroup
def test_group_kill_leaves_no_line(build, run, cgroup):
    """The switch, if it exists, is set to 1 as on Kubernetes, and a worker allocates 1 GB."""
    switch = f"[ ! -e {GROUP} ] || echo 1 >{GROUP}; {CONFIGURED}"
    env = {"CONFIG": GREED + READY, "WEB_CONCURRENCY": "1"}
    root = {"privileged": True, "user": "root"}
    container = run(build(IMAGE), "sh", "-c", switch, env=env, ready="Ready", **root, **ONE_HUNDRED)
    with pytest.raises(httpx.TransportError):
        container.get("/echo/")

    if cgroup == "v1":
        assert KILLED in container.wait_for_log("Ready", count=2)
    else:
        assert container.exit_code == 137
        assert container.handle.state.oom_killed
        assert KILLED not in container.logs()


@pytest.mark.docker_only("docker stats in this format")
@pytest.mark.cgroup
def test_docker_stats_subtracts_inactive_files(build, run, docker, cgroup):
    """After a file of 50 MiB is written, the figure is the kernel's usage minus inactive files."""
    container = serve(run, build(IMAGE), READY, 1)
    container.exec("dd", "if=/dev/zero", "of=/tmp/file", "bs=1M", "count=50")

    [stats] = docker.stats(containers=[container.handle])
    usage, stat = container.exec("sh", "-c", USAGE[cgroup]).split("\n", 1)
    inactive = int(re.search(rf"(?m)^{INACTIVE[cgroup]} (\d+)$", stat)[1])

    assert inactive >= 16 * 2**20
    assert stats.memory_used == pytest.approx(int(usage) - inactive, abs=8 * 2**20)


def serve(run, image, config, workers, *flags, **options: object):
    """Run Gunicorn with this configuration text, and wait until every worker is ready."""
    env = {"CONFIG": config, "WEB_CONCURRENCY": str(workers or 1)}
    command = ["sh", "-c", f'{CONFIGURED} "$@"', "sh", *flags]
    container = run(image, *command, env=env, **options)
    if workers:
        container.wait_for_log("Ready", count=workers)
    return container


def growth(container):
    """Return by how many kB all processes grow in a hundred requests."""
    before = container.pss()
    ask(container, "/echo/", 100)
    return container.pss() - before


def sum_of(size, container):
    """Return the sum of one of the kernel's memory figures over all processes."""
    rollups = container.exec("sh", "-c", "cat /proc/[0-9]*/smaps_rollup")
    return sum(map(int, re.findall(rf"(?m)^{size}: +(\d+) kB", rollups)))


def limits(container):
    """Return after how many requests each worker is replaced."""
    return set(map(int, re.findall(r"Ready for up to (\d+) requests", container.logs())))
