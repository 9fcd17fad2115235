"""The proofs of docs/hardening.md."""

import json
import os
import re
import subprocess

import httpx
import pytest

from harness import ENVIRONMENT, engine
from harness.container import PATIENCE, TLS, Container

APP = "dockerfile/app.Dockerfile"
COMPOSE = "hardening/locked.compose.yaml"
LOCKED = {
    "read_only": True,
    "tmpfs": ["/tmp"],
    "cap_drop": ["ALL"],
    "security_options": ["no-new-privileges"],
    "pids_limit": 64,
    "memory": "512m",
    "memory_swap": "512m",
    "cpus": 1,
}
SET = "(ReadonlyRootfs|Tmpfs|CapDrop|SecurityOpt|PidsLimit|Memory|MemorySwap|NanoCpus)"
IN_TMP = "sqlite:////tmp/db.sqlite3"
IN_DEV_SHM = {"DATABASE_URL": "sqlite:////dev/shm/db.sqlite3"}
MIGRATE = ["python", "manage.py", "migrate"]
SMALL, LARGE = {"file": b"x"}, {"file": b"x" * 3_000_000}  # Django keeps up to 2.5 MB in memory
GERMAN = {"Accept-Language": "de"}


@pytest.fixture
def sleeping(build, run_once):
    """Return a function that runs a command in the locked image, with different options."""

    def sleeping(**options: object) -> Container:
        return run_once(build(APP), "sleep", "600", ready="", **{**LOCKED, **options})

    return sleeping


@pytest.mark.cgroup
def test_locked_container_serves_the_app(build, run, docker, replay, monkeypatch):
    """With all of the page's options, a page, a row and an upload of 3 MB succeed."""
    for name, value in {**ENVIRONMENT, "DATABASE_URL": IN_TMP}.items():
        monkeypatch.setenv(name, value)
    started = replay("hardening/locked.console", web=build(APP)).strip()
    container = Container(docker, docker.container.inspect(started))
    container.wait_for_log("Booting worker", count=2)
    container.exec(*MIGRATE)

    assert limits(container) == limits(run(build(APP), "true", ready="", **LOCKED))
    assert "Hallo von Django" in container.get("/", headers=GERMAN).text
    assert post(container, text="kept", **LARGE).json()["notes"][0]["text"] == "kept"
    assert not re.search("ERROR|CRITICAL|Traceback", container.logs())


def test_compose_file_sets_what_the_command_sets(build, run, stack):
    """The engine reports the same limits for both, and the service responds."""
    image = build(APP)
    compose = stack(COMPOSE, {"web": {"image": image}}, env={"DATABASE_URL": IN_TMP})
    compose.up()
    service = compose.service("web")
    container = run(image, "true", ready="", **LOCKED)

    service.wait_for_log("Booting worker")
    assert limits(service) == limits(container)
    assert service.get("/").status_code == 200


@pytest.mark.docker_only("a read-only container with a read-only /tmp by default")
def test_upload_without_tmp_fails(build, run):
    """The upload fails only without the tmpfs; a small upload does not need it."""
    codes = []
    for tmpfs in ["/tmp"], []:
        container = run(build(APP), env=IN_DEV_SHM, **{**LOCKED, "tmpfs": tmpfs})
        container.exec(*MIGRATE)
        uploads = [post(container, **SMALL), post(container, **LARGE)]
        codes.append([upload.status_code for upload in uploads])

    assert codes == [[200, 200], [200, 500]]
    container.wait_for_log("No usable temporary directory found")


def test_read_only_root_stops_even_root(sleeping):
    """Root can write to the code; with --read-only, root can write only to the tmpfs."""
    writes = "touch /app/core/wsgi.py /usr/bin/new"

    assert tried(sleeping(read_only=False), writes, user="root") == ""
    assert "Read-only file system" in tried(sleeping(), writes, user="root")


@pytest.mark.docker_only("noexec on a tmpfs by default")
def test_tmpfs_starts_no_program(sleeping):
    """A script in /tmp runs in the image's own /tmp, but not in the tmpfs."""
    script = "echo 'echo started' > /tmp/script && chmod +x /tmp/script && /tmp/script"

    assert tried(sleeping(read_only=False, tmpfs=[]), script) == "started"
    assert "Permission denied" in tried(sleeping(), script)


def test_setuid_program_gains_nothing(sleeping):
    """Root creates a program that makes its user root; with the option, it does not."""
    plant = "cp /usr/bin/id /usr/local/bin/who && chmod u+s /usr/local/bin/who"
    found = []
    for options in [], LOCKED["security_options"]:
        container = sleeping(read_only=False, security_options=options)
        assert tried(container, plant, user="root") == ""
        found.append(tried(container, "who -u"))

    assert found == ["0", "10001"]


def test_root_without_capabilities_owns_no_more_files(sleeping):
    """Root changes a file's owner, which requires one of Docker's default capabilities."""
    chown = "touch /tmp/file && chown 10001 /tmp/file"

    assert tried(sleeping(cap_drop=[]), chown, user="root") == ""
    assert "Operation not permitted" in tried(sleeping(), chown, user="root")


@pytest.mark.cgroup
def test_pids_limit_ends_a_fork_bomb(sleeping):
    """A program starts processes until it has 100 or an error; the container allows 64."""
    limited, limitless = (
        int(container.exec("python", "-c", FORK))
        for container in (sleeping(), sleeping(pids_limit=-1))
    )

    assert limited < 64
    assert limitless == 100


@pytest.mark.cgroup
def test_memory_limit_ends_the_hungry(build, run):
    """A program that allocates 200 MB is killed with 64m, and succeeds without a limit."""
    hungry = [build(APP), "python", "-c", "print(len(bytearray(200_000_000)))"]
    limits = {"memory": "64m", "memory_swap": "64m"}

    assert run(*hungry, ready="", **{**LOCKED, **limits}).exit_code == 137
    assert run(*hungry, ready="").exit_code == 0


@pytest.mark.cgroup
def test_limits_can_be_read_inside(sleeping):
    """Each figure is in a file, whose name differs between cgroup v1 and v2."""
    processes, memory, quota, period = sleeping().exec("sh", "-c", READ_LIMITS).split()

    assert int(processes) == 64
    assert int(memory) == 512 * 2**20
    assert int(quota) == int(period)


@pytest.mark.cgroup
def test_docker_discards_options_on_v2(build, docker, cgroup):
    """With both options set, `docker run` warns about the ones that have no effect."""
    command = [*docker.client_config.docker_cmd, "run", "--rm", "--memory", "64m"]
    command += ["--label", f"{engine.LABEL}={os.environ['PROOFS_RUN']}"]
    command += ["--oom-kill-disable", "--memory-swappiness", "10", build(APP), "true"]

    done = subprocess.run(command, check=True, capture_output=True, text=True)

    discarded = sorted(re.findall(r"(\w+) discarded", done.stderr))
    assert discarded == {"v1": [], "v2": ["OomKillDisable", "swappiness"]}[cgroup]


FORK = """
import os, signal
children = []
try:
    while len(children) < 100:
        child = os.fork()
        if not child:
            signal.pause()
        children.append(child)
except BlockingIOError:
    pass
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
print(len(children))
"""
READ_LIMITS = """
cd /sys/fs/cgroup
if [ -e cgroup.controllers ]
then cat pids.max memory.max cpu.max
else cat pids/pids.max memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us
fi
"""


def tried(container, script, user=None):
    """Run a shell script inside, and return what it printed, even if it failed."""
    command = ["sh", "-c", f"{{ {script}; }} 2>&1 || true"]
    return container.handle.execute(command, user=user)


def post(container, file, text=""):
    """Post a note and a file to the sample project, which keeps only the note."""
    url, form = f"{container.address}/notes/", {"data": {"text": text}, "files": {"file": file}}
    return httpx.post(url, timeout=PATIENCE, verify=TLS, **form)


def limits(container):
    """Return the limits that the engine reports for a container."""
    command = [*container.docker.client_config.docker_cmd, "inspect", container.handle.id]
    [about] = json.loads(subprocess.check_output(command))
    return {key: value for key, value in about["HostConfig"].items() if re.fullmatch(SET, key)}
