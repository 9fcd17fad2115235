"""A machine with systemd in a test's container, and the files of docs/systemd.md on it."""

import json
import re
from concurrent.futures import Future

import httpx
import pytest

from harness import PROBES, SCENARIOS, SNIPPETS
from harness.container import PATIENCE, Container
from harness.texts import edited

MACHINE = SCENARIOS / "systemd.Dockerfile"
PRIVILEGED = {
    "privileged": True,
    "cgroupns": "private",
    "tmpfs": ["/run", "/run/lock", "/tmp"],
    "ready": "",
}
UNITS = "/etc/systemd/system"
SERVICE, SOCKET = f"{UNITS}/shop.service", f"{UNITS}/shop.socket"
FILES = {
    SERVICE: "web.shop.service",
    SOCKET: "web.shop.socket",
    f"{UNITS}/shop.service.d/hardening.conf": "sandbox.hardening.conf",
    "/etc/shop.env": "settings.shop.env",
    "/usr/local/bin/manage": "run.manage.sh",
}
TEXTS = {path: (SNIPPETS / "systemd" / name).read_text() for path, name in FILES.items()}
PORT = {f"{SOCKET}.d/port.conf": "[Socket]\nListenStream=8000\n"}  # next to the file's socket
PLAIN = {f"{UNITS}/shop.service.d/hardening.conf": ""}
ALONE = {  # without a socket unit, Gunicorn binds itself
    SERVICE: edited(
        TEXTS[SERVICE],
        {"Requires=shop.socket": "", "core.wsgi": "core.wsgi --bind 0.0.0.0:8000"},
    )
}
WRITE = """
while test $# -gt 0; do mkdir -p "$(dirname "$1")"; printf %s "$2" > "$1"; shift 2; done
chmod 600 /etc/shop.env; chmod +x /usr/local/bin/manage; systemctl daemon-reload
"""
CLEAN = f"""
systemctl stop shop.socket shop.service
rm -rf {UNITS}/shop.* {UNITS}/*.wants/shop.* /var/lib/private/shop /var/lib/shop
cd /srv/shop && cp /root/wsgi.py core/ ; userdel shop
systemctl daemon-reload; systemctl reset-failed
"""
MARK = """
cp -n core/wsgi.py /root/wsgi.py
journalctl -n 1 --show-cursor | sed -n 's/^-- cursor: //p' > /run/cursor
"""
JOURNAL = "journalctl --no-pager --output cat --unit shop --after-cursor=$(cat /run/cursor)"
LOADED = """
test "$(
    for worker in $(cat /proc/$(systemctl show shop --value --property MainPID)/task/*/children)
    do grep --files-with-matches ^tfd /proc/$worker/fdinfo/*
    done | wc -l
)" = 2
"""  # each watches one with epoll
UNTIL = 'timeout "$1" sh -c "until $2\ndo sleep 0.2; done" >/dev/null 2>&1 || echo late'
BOOTED = f"""
timeout {PATIENCE} sh -c 'until systemctl is-system-running --wait 2>&1 |
grep -xE "running|degraded"
do sleep 0.2; done'
"""
START = "systemctl start shop.socket shop.service"
HOST = {"headers": {"Host": "shop.example"}}
ASK = (PROBES / "ask_socket.py").read_text()


class Machine(Container):
    """A container in which systemd runs, with the page's files in place."""

    def sh(self, script: str, *arguments: str) -> str:
        """Run a shell script inside, and return its output, even if it fails."""
        return self.exec("sh", "-c", f"{{ {script}\n}} 2>&1 || true", "sh", *arguments)

    def install(self, *texts: dict[str, str]) -> None:
        """Write the page's files, or others instead of them, and make systemd read them."""
        files = TEXTS.copy()
        for changes in texts:
            files |= changes
        assert self.sh(WRITE, *sum(files.items(), ())) == ""

    def start(self, *texts: dict[str, str], start: str = START) -> None:
        """Install and start, and wait until both workers serve."""
        self.install(*texts)
        assert self.sh(start) == ""
        self.wait_for_workers()

    def ask(self, path: str, *headers: str, method: str = "GET", body: str = "") -> tuple:
        """Send a request through the socket, as nginx does; return the status and the text."""
        python = "runuser -u www-data -- /srv/shop/.venv/bin/python"
        answer = self.sh(f'{python} -c "$@"', ASK, method, path, body, *headers)
        return tuple(json.loads(answer))

    def show(self, name: str) -> str:
        """Return a property of the service from systemd."""
        return self.sh(f"systemctl show shop.service --value --property {name}")

    def journal(self) -> str:
        """Return the service's log, for this test only."""
        return self.sh(JOURNAL)

    def exposure(self) -> float:
        """Return systemd's exposure score for the service."""
        told = self.sh("systemd-analyze security --no-pager shop.service")
        return float(re.search(r"exposure level for shop.service: (\S+)", told)[1])

    def wait_for(self, condition: str) -> None:
        """Wait until a shell command succeeds; one process inside repeats it."""
        assert self.sh(UNTIL, str(PATIENCE), condition) == "", self.journal()

    def wait_for_workers(self) -> None:
        """Wait until both have loaded the app, and watch the socket."""
        self.wait_for(LOADED)

    def begin_get(self, path: str) -> Future[httpx.Response]:
        """Send a request in the background, and return once a worker has certainly begun it."""
        self.get("/health/", **HOST)
        return self.begin(lambda: self.start_get(path, **HOST))


@pytest.fixture(scope="module")
def booted(build, docker, running):
    """Return a machine that boots once for a file's tests."""
    with running(build(MACHINE), **PRIVILEGED) as container:
        machine = Machine(docker, container.handle)
        assert machine.sh(BOOTED) in {"running", "degraded"}
        yield machine


@pytest.fixture
def machine(booted):
    """Return that machine, with clean units for each test."""
    booted.sh(MARK)
    yield booted
    booted.sh(CLEAN)
