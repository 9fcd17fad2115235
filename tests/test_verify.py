"""The proofs of docs/verify.md."""

import os
import re
import shlex
import subprocess

import httpx
import pytest

from harness import PROBES, SNIPPETS
from harness.browser import DOCS
from harness.container import wait_until
from harness.pauses import paused

IMAGE = "signals/exec-form.Dockerfile"
SOCKET = "socket.console"
DIAGNOSE = "diagnose.console"
SCRIPT = SNIPPETS / "verify/one-container.diagnose.sh"
COMMANDS = {path.name for path in (SNIPPETS / "verify").glob("*.console")}
COMMANDS = sorted(COMMANDS - {SOCKET, DIAGNOSE})
INDEX = (DOCS / "troubleshooting.md").read_text()
TABLE = re.compile(r"(?s)(?<=<< 'END_OF_LINES'\n).*?(?=END_OF_LINES)")
SERVE = "gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
LOOPBACK = ["gunicorn", "core.wsgi", "--no-control-socket"]
GREED = """
def pre_request(worker, request):
    worker.greed = b"x" * 2 * 10**8
"""
SECRETS = {"SECRET_KEY": "never-print-me", "DATABASE_URL": "postgres://shop:swordfish@db/shop"}
FAILING = {"health_interval": 1, "health_start_period": 1, "health_retries": 1}
FAILING |= {"health_cmd": "echo $SECRET_KEY $DATABASE_URL redis://u:sesame@cache; false"}
WITH_SOCKET = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--timeout", "20"]
WITH_SOCKET += ["--control-socket", "/tmp/gunicorn.ctl"]
ASK = "from urllib.request import *; print(urlopen('http://127.0.0.1:8000/health/').status)"


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_find_nothing_wrong(build, run, run_once, replay, command):
    """All commands run for a healthy container; the log command's gets no other requests."""
    container = (run if "log" in command else run_once)(build(IMAGE))
    container.wait_for_log("Booting worker")

    replay(f"verify/{command}", web=container.handle.id)


def test_exposed_port_is_not_published(build, run, docker):
    """The image exposes port 8000, but the page's command prints only published ports."""
    image = build(IMAGE)
    hidden, published = run(image, publish_all=False), run(image)
    port = [*docker.client_config.docker_cmd, "port"]
    assert (SNIPPETS / "verify/port.console").read_text().startswith("$ docker port web ")

    said = [
        subprocess.run([*port, container.handle.id], check=False, capture_output=True, text=True)
        for container in (hidden, published)
    ]

    assert docker.image.inspect(image).config.exposed_ports
    assert said[0].stdout == ""
    assert published.ports[0] in said[1].stdout


def test_answer_inside_alone_means_a_wrong_bind(build, run_once):
    """Inside and outside give different results without --bind, and equal results with it."""
    unbound, bound = run_once(build(IMAGE), "gunicorn", "core.wsgi"), run_once(build(IMAGE))

    assert [container.exec("python", "-c", ASK) for container in (unbound, bound)] == ["200"] * 2
    with pytest.raises(httpx.TransportError):
        unbound.get("/health/")
    assert bound.get("/health/").status_code == 200


def test_slim_image_has_no_ps(build, run_once):
    """The shell finds no such program in the base image's directories."""
    container = run_once(build(IMAGE))

    assert container.exec("sh", "-c", "command -v ps || echo none") == "none"


def test_print_config_knows_no_flag_of_the_command(build, run_once):
    """The container's command binds to every address, but the output shows the default."""
    container = run_once(build(IMAGE))

    printed = container.exec("gunicorn", "core.wsgi", "--print-config")

    container.wait_for_log("Listening at: http://0.0.0.0:8000")
    assert "['127.0.0.1:8000']" in printed


def test_control_socket_tells_the_flags_too(build, run, replay):
    """The running server shows its command's timeout, which is not the default."""
    container = run(build(IMAGE), *WITH_SOCKET)
    container.wait_for_log("Control socket listening at")

    said = replay(f"verify/{SOCKET}", web=container.handle.id)

    assert "timeout: 20" in said


@pytest.fixture
def diagnose(docker, tmp_path):
    """Return a function that runs the script with this run's engine as `docker`.

    It returns the exit code, the addresses that the script printed, and all that it printed.
    `kubectl` is a stand-in, whose pods are containers.
    """
    client = shlex.join(map(str, docker.client_config.docker_cmd))
    (tmp_path / "docker").write_text(f'#!/bin/sh\nexec {client} "$@"\n')
    (tmp_path / "kubectl").write_text((PROBES / "kubectl_for_docker.sh").read_text())
    for program in "docker", "kubectl":
        (tmp_path / program).chmod(0o755)

    def diagnose(*arguments, cwd=None, **options: object):
        environ = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"} | options
        done = subprocess.run(
            ["sh", SCRIPT, *arguments],
            check=False,
            cwd=cwd,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, re.findall(r"see (\S+)\.html", done.stdout), done.stdout

    return diagnose


def loopback(image, run):
    """Start Gunicorn on its default address."""
    return run(image, *LOOPBACK)


def no_module(image, run):
    """Start Gunicorn with the name of a module that does not exist."""
    container = run(image, *SERVE.replace("core", "nosuch").split(), ready="")
    assert container.exit_code == 3
    return container


def missing_setting(image, run):
    """Unset a variable that the settings read."""
    container = run(image, "sh", "-c", f"unset SECRET_KEY; exec {SERVE}", ready="")
    assert container.exit_code == 3
    return container


def wrong_option(image, run):
    """Pass an option that Gunicorn does not support."""
    container = run(image, env={"GUNICORN_CMD_ARGS": "--nosuch"}, ready="")
    assert container.exit_code == 2
    return container


def slow_view(image, run):
    """Let a request exceed the timeout of a sync worker."""
    container = run(image, env={"GUNICORN_CMD_ARGS": "--timeout 2"})
    container.get("/sleep/10/")
    container.wait_for_log("Booting worker", count=2)
    return container


def shell_form(image, run):
    """Start Gunicorn from a shell, which stays PID 1."""
    return run(image, "sh", "-c", f"{SERVE}; true")


def full_disk(image, run):
    """Fill a tmpfs before Gunicorn starts."""
    fill = "head -c 100000 /dev/zero > /data/file 2> /dev/null"
    tmpfs = ["/data:size=64k,mode=1777"]
    return run(image, "sh", "-c", f"{fill}; exec {SERVE}", tmpfs=tmpfs)


def stuck_view(image, run):
    """Let the only worker wait in a view for ten minutes."""
    container = run(image, env={"GUNICORN_CMD_ARGS": "--timeout 600"})
    container.start_sleep(600)
    return container


def busy_view(image, run):
    """Let one of two threads compute."""
    container = run(image, env={"GUNICORN_CMD_ARGS": "--threads 2"}, cpus=0.5)
    container.wait_for_log("Booting worker")
    container.get("/health/")
    container.begin(lambda: container.start_get("/cpu/1000000000/"))
    return container


def greedy_request(image, run):
    """Send a request that needs more memory than the limit."""
    write = f'printf %s "$GREED" > /tmp/greed.conf.py; exec {SERVE} --config /tmp/greed.conf.py'
    limit = {"memory": "100m", "memory_swap": "100m"}
    container = run(image, "sh", "-c", write, env={"GREED": GREED}, **limit)
    with pytest.raises(httpx.TransportError):
        container.get("/health/")
    container.wait_for_log("Booting worker", count=2)
    return container


def boot_loop(image, run):
    """Start more workers than fit in the memory limit."""
    limit = {"memory": "64m", "memory_swap": "64m"}
    container = run(image, env={"WEB_CONCURRENCY": "3"}, **limit)
    container.wait_for_log("Perhaps out of memory?", count=4)
    return container


def unhealthy(image, run):
    """Start a container whose health check fails, and prints secrets."""
    container = run(image, env=SECRETS, **FAILING)
    assert wait_until(lambda: container.handle.state.health.status == "unhealthy")
    return container


CGROUP = [pytest.mark.cgroup]


@pytest.mark.parametrize(
    ("state", "entry", "others"),
    [
        (loopback, "not-reachable", []),
        (no_module, "worker-failed-to-boot", ["exit-codes", "hidden-by-a-mount"]),
        (missing_setting, "missing-setting", ["exit-codes", "worker-failed-to-boot"]),
        (wrong_option, "unrecognized-arguments", []),
        (slow_view, "worker-timeout", []),
        (shell_form, "slow-stop", []),
        (full_disk, "no-space-left", []),
        (stuck_view, "stuck-workers", []),
        (unhealthy, "health-checks", []),
        pytest.param(busy_view, "busy-worker", [], marks=CGROUP),
        pytest.param(boot_loop, "memory-boot-loop", None, marks=CGROUP),
        pytest.param(greedy_request, "out-of-memory", ["empty-reply"], marks=CGROUP),
    ],
)
def test_script_finds_what_is_wrong(small_image, plain_image, run, diagnose, state, entry, others):
    """Each container is broken in one way, and the script exits with code 1.

    It prints the address that explains the problem, and otherwise only addresses of the entries
    that have the same log line or the same effect.
    """
    image = plain_image if state in {missing_setting, boot_loop} else small_image

    code, found, said = diagnose(state(image, run).handle.id)

    found = {address.rpartition("/")[2] for address in found}
    assert code == 1, said
    assert entry in found, said
    assert others is None or found - {entry} <= {*others}, said


@pytest.mark.cgroup
def test_script_sees_a_pause(small_image, run, docker, diagnose):
    """The container is paused, so the script does not look inside."""
    container = run(small_image)

    with paused(docker, container):
        code, found, said = diagnose(container.handle.id)

    assert (code, found) == (1, ["troubleshooting/paused-container"]), said


def test_script_finds_nothing_wrong(plain_image, run, diagnose, replay, tmp_path):
    """A healthy container with Django has served only one request; no file in it changes."""
    container = run(plain_image)
    container.wait_for_log("Booting worker")
    container.get("/health/")
    (tmp_path / "diagnose.sh").write_text(SCRIPT.read_text())
    before = container.handle.diff()

    replay(
        f"verify/{DIAGNOSE}",
        web=container.handle.id,
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )

    assert diagnose(container.handle.id)[0] == 0
    assert container.handle.diff() == before


def test_script_requests_the_path(plain_image, run, diagnose):
    """The view at the path always fails; GUIDE comes before the address."""
    container = run(plain_image)
    container.wait_for_log("Booting worker")

    code, found, said = diagnose(container.handle.id, "/fail/", GUIDE="https://guide.example")

    assert code == 1
    assert found == ["https://guide.example/troubleshooting/nothing-in-the-log"], said


def test_script_prints_no_secret(small_image, run, diagnose):
    """The log and the health check contain two variables' values and a password."""
    secrets = [SECRETS["SECRET_KEY"], "swordfish", "sesame"]
    script = f'echo "No module named $SECRET_KEY $DATABASE_URL redis://u:sesame@h"; exec {SERVE}'
    container = run(small_image, "sh", "-c", script, env=SECRETS, **FAILING)
    assert wait_until(lambda: container.handle.state.health.status == "unhealthy")

    _, _, said = diagnose(container.handle.id)

    assert all(secret in container.logs() for secret in secrets)
    assert all(secret in str(container.handle.state.health.log) for secret in secrets)
    assert "SECRET_KEY" in said
    assert "*** *** redis://***@cache" in said
    assert [secret for secret in secrets if secret in said] == []


def test_script_finds_the_containers_of_a_service(small_image, stack, diagnose):
    """A Compose service has two containers; after one has stopped, only it has a problem."""
    stack = stack("timeouts/in-order.compose.yaml", services={"web": {"image": small_image}})
    stack.run("up", "--detach", "--no-build", "--scale", "web=2", "web")
    for container in stack.services("web"):
        container.wait_for_log("Booting worker")

    options = {"cwd": stack.folder, **stack.env, **stack.typed}
    well, _, said = diagnose("--compose", "web", **options)
    stack.services("web")[0].stop()
    ill, found, _ = diagnose("--compose", "web", **options)

    assert (well, said.count("== ")) == (0, 2), said
    assert (ill, "troubleshooting/exit-codes" in found) == (1, True)


def test_script_looks_at_a_pod(small_image, run, diagnose):
    """The stand-in for kubectl shows one container after the other as a pod."""
    healthy, broken = run(small_image), run(small_image, *LOOPBACK)
    healthy.wait_for_log("Booting worker")

    assert diagnose("--pod", healthy.handle.id)[0] == 0
    code, found, said = diagnose("--pod", broken.handle.id)
    assert (code, {*found}) == (1, {"troubleshooting/not-reachable"}), said


@pytest.mark.parametrize(
    "arguments", [[], ["--pod"], ["--help"], ["web", "path"], ["web", "/path", "more"]]
)
def test_script_needs_one_name(diagnose, arguments):
    """Without a name, or with more than a name and a path, the script prints its usage."""
    code, _, said = diagnose(*arguments)

    assert code == 2
    assert said == "diagnose.sh: usage: sh diagnose.sh [--compose | --pod] NAME [/PATH]\n"


@pytest.mark.parametrize("kind", [[], ["--pod"]])
def test_script_says_that_a_container_is_missing(diagnose, kind):
    """The line contains the name, and the exit code is 2."""
    code, _, said = diagnose(*kind, "nosuch")

    assert code == 2
    assert len(said.splitlines()) == 1
    assert "nosuch" in said


def test_script_has_the_lines_of_the_box(request):
    """The script's table has the titles and lines of the troubleshooting page, in its order.

    With --record, the script's table is written again.
    """
    text = SCRIPT.read_text()
    if request.config.getoption("record"):
        SCRIPT.write_text(TABLE.sub(lambda _: table_of_the_page(), text))

    assert TABLE.search(SCRIPT.read_text())[0] == table_of_the_page()
    assert len(re.findall(r"(?m)^\S", table_of_the_page())) >= 75


def table_of_the_page():
    """Return each entry with its title and its lines, as the script has them."""
    rows = []
    for name, lines in re.findall(r"(?m)^- {ref}`([\w-]+)`(.*)", INDEX):
        page = (DOCS / f"troubleshooting/{name}.md").read_text()
        title = re.search(r"(?m)^# (.+)", page)[1]
        found = [title, *re.findall("`([^`]+)`", lines)]
        rows += [name, *(f" {line}" for line in dict.fromkeys(found))]
    return "".join(f"{row}\n" for row in rows)
