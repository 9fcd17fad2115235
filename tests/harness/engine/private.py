"""A private Docker Engine made from Debian's packages, for a Debian machine that has none.

Nothing is installed: the packages are unpacked into a cache folder and started from there.
Suites are mixed because the newest Docker is wanted, its runc needs a newer libc, and its client
takes 25 ms of the processor for nothing at each call (go-runewidth), of which a run makes 3,000.
"""

import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

PACKAGES = {
    "forky": "docker.io docker-buildx docker-compose containerd tini-static",
    "trixie": "docker-cli",
    "bookworm": "runc iptables libip4tc2 libip6tc2 libxtables12 libnftnl11 libmnl0"
    " libnetfilter-conntrack3 libnfnetlink0 libseccomp2 mmdebstrap"
    " procps libproc2-0",
}
PROGRAMS = {
    "forky": {
        "bin": "usr/sbin/dockerd usr/sbin/docker-proxy usr/bin/containerd"
        " usr/bin/containerd-shim-runc-v2",
        "config/cli-plugins": "usr/libexec/docker/cli-plugins/docker-buildx"
        " usr/libexec/docker/cli-plugins/docker-compose",
    },
    "trixie": {"bin": "usr/bin/docker"},
    "bookworm": {"bin": "usr/sbin/runc usr/bin/mmdebstrap usr/bin/mmtarfilter"},
}
WRAPPED = {  # what needs libraries of its own suite
    "iptables": "usr/sbin/xtables-nft-multi iptables",
    "ip6tables": "usr/sbin/xtables-nft-multi ip6tables",
    "iptables-save": "usr/sbin/xtables-nft-multi iptables-save",
    "iptables-restore": "usr/sbin/xtables-nft-multi iptables-restore",
    "ps": "bin/ps",
}
# An engine that another version of this file unpacked is unpacked again.
RECIPE = sha256(Path(__file__).read_bytes()).hexdigest()
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
BRIDGE, ADDRESS = "docker0", "10.213.0.1/24"
GIGABYTES = 7  # packages, images and build cache of one run, measured, and some air
IP_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


class EngineError(Exception):
    """What is missing and how to fix it, in one line."""


class PrivateEngine:
    """One Docker Engine below `root`, shared by all runs of this user."""

    def __init__(self, root: Path) -> None:
        """Nothing is started or written yet; `root` must be short: sockets end at 108 bytes."""
        self.root = root
        self.host = f"unix://{root}/run/docker.sock"
        self.client = [str(root / "bin/docker"), "--config", str(root / "config")]
        self.pidfile = root / "run/dockerd.pid"

    def start(self) -> None:
        """Make what is missing, start what is down; 7 s the first time, 1 s after."""
        if self.answers():
            return
        self.stop()  # what a killed run may have left
        recipe = self.root / "recipe"
        if not recipe.exists() or recipe.read_text() != RECIPE:
            self.unpack()
        self._remember_network()
        with (self.root / "run/dockerd.log").open("wb") as log:
            daemon = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environ(),
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while not self.answers():
            if daemon.poll() is not None or time.monotonic() > deadline:
                last = (self.root / "run/dockerd.log").read_text().strip().splitlines()[-1:]
                message = f"the private engine does not start: {''.join(last)}"
                raise EngineError(message)
            time.sleep(0.1)
        daemon.returncode = 0  # it outlives this process on purpose
        give_weight()

    def answers(self) -> bool:
        """Whether the engine is up."""
        command = [*self.client, "--host", self.host, "version"]
        with suppress(OSError):
            return subprocess.run(command, check=False, capture_output=True).returncode == 0
        return False

    def unpack(self) -> None:
        """Fetch the packages and lay out their programs in `bin`."""
        self.root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.root).free / 1e9
        if free < GIGABYTES:
            message = (
                f"no disk space: {self.root} has {free:.1f} GB free and the engine needs"
                f" {GIGABYTES}; free some, or set XDG_CACHE_HOME to another disk"
            )
            raise EngineError(message)
        mirror = debian_mirror()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda suite: self.fetch(suite, mirror), PACKAGES))
        for suite, folders in PROGRAMS.items():
            for folder, programs in folders.items():
                for program in programs.split():
                    link(self.root / suite / program, self.root / folder)
        link(self.root / "forky/usr/bin/tini-static", self.root / "bin", "docker-init")
        triplet = f"{os.uname().machine}-linux-gnu"
        libraries = f"{self.root}/bookworm/usr/lib/{triplet}"
        for name, program in WRAPPED.items():
            script = self.root / "bin" / name
            script.write_text(
                f"#!/bin/sh\nexport XTABLES_LIBDIR={libraries}/xtables"
                f" LD_LIBRARY_PATH={libraries}:{self.root}/bookworm/lib/{triplet}"
                f'\nexec {self.root}/bookworm/{program} "$@"\n'
            )
            script.chmod(0o755)
        (self.root / "recipe").write_text(RECIPE)

    def fetch(self, suite: str, mirror: str) -> None:
        """Download and unpack the packages of one suite."""
        apt, debs = self.root / "apt" / suite, self.root / "debs" / suite
        environ = os.environ | {"APT_CONFIG": str(apt_config(apt, suite, mirror))}
        debs.mkdir(parents=True, exist_ok=True)
        for command in ["update"], ["download", *PACKAGES[suite].split()]:
            done = subprocess.run(
                ["apt-get", "-q", *command],
                check=False,
                cwd=debs,
                text=True,
                env=environ,
                capture_output=True,
            )
            if done.returncode or "Failed to fetch" in done.stderr:
                why = (done.stderr.strip().splitlines() or ["apt-get failed"])[0]
                message = (
                    f"no container engine, and Debian's packages are out of reach ({why});"
                    " connect this machine, or install Docker"
                )
                raise EngineError(message)
        for deb in debs.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", deb, self.root / suite], check=True)
        shutil.rmtree(debs)
        shutil.rmtree(apt)

    def _command(self) -> list[str]:
        """Publish ports to this machine alone, and keep the firewall's policy."""
        network = "com.docker.network.bridge.host_binding_ipv4=127.0.0.1"
        return [
            str(self.root / "bin/dockerd"), "--config-file=/dev/null", f"--host={self.host}",
            f"--data-root={self.root}/data", f"--exec-root={self.root}/exec",
            f"--pidfile={self.pidfile}", f"--bip={ADDRESS}", "--ip=127.0.0.1",
            f"--default-network-opt=bridge={network}", "--ip-forward-no-drop", "--ip6tables=false",
            "--default-address-pool=base=10.214.0.0/16,size=24", "--log-level=warn",
        ]  # fmt: skip

    def _environ(self) -> dict[str, str]:
        path = f"{self.root}/bin:/usr/sbin:/sbin:{os.environ['PATH']}"
        wide = {"COLUMNS": "10000"}  # as `docker top` is when no terminal's width is handed on
        return os.environ | wide | {"PATH": path}

    def _remember_network(self) -> None:
        """Keep the firewall's rules and the forwarding switch, for `stop` to put back."""
        (self.root / "run").mkdir(parents=True, exist_ok=True)
        rules = subprocess.check_output([self.root / "bin/iptables-save"], text=True)
        for table in "filter", "nat", "raw":
            if f"*{table}" not in rules:  # not saved means empty: restore it as empty
                rules += f"*{table}\nCOMMIT\n"
        (self.root / "run/iptables.before").write_text(rules)
        (self.root / "run/ip_forward.before").write_text(IP_FORWARD.read_text())

    def stop(self) -> None:
        """End the engine and put the machine's network back; the cache stays."""
        if self.pidfile.exists():
            pid = int(self.pidfile.read_text())
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
                self._wait_for_end(pid)
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "exe").readlink().is_relative_to(self.root):
                    os.kill(int(process.name), signal.SIGKILL)
        if (before := self.root / "run/iptables.before").exists():
            delete_bridge(BRIDGE)
            with before.open() as rules:
                subprocess.run([self.root / "bin/iptables-restore"], check=False, stdin=rules)
            IP_FORWARD.write_text((self.root / "run/ip_forward.before").read_text())
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):
            if (mount := line.split()[1]).startswith(f"{self.root}/"):
                subprocess.run(["umount", "-l", mount], check=False)
        shutil.rmtree(self.root / "run", ignore_errors=True)
        shutil.rmtree(self.root / "exec", ignore_errors=True)

    def _wait_for_end(self, pid: int) -> None:
        """Wait up to 15 s for the daemon; raises ProcessLookupError when it has gone."""
        for _ in range(150):
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            os.kill(pid, 0)
            time.sleep(0.1)


def debian_mirror() -> str:
    """Return the address that this machine's own apt gets Debian from."""
    command = ["apt-get", "update", "--print-uris"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    uris = re.findall(r"^'(\S+/debian)/dists/", done.stdout, re.MULTILINE)
    if not uris or not Path(KEYRING).exists():
        message = "apt on this machine has no source of Debian packages; install Docker instead"
        raise EngineError(message)
    return str(uris[0])


def apt_config(folder: Path, suite: str, mirror: str) -> Path:
    """Write an apt configuration of its own below `folder`; returns the file to name to apt."""
    for name in "lists/partial", "archives/partial", "etc/apt.conf.d", "etc/preferences.d":
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "etc/sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n")
    config = folder / "apt.conf"
    config.write_text(f"""Dir::Etc "{folder}/etc";
Dir::State "{folder}";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "root";
Acquire::Check-Valid-Until "false"; // a mirror's copy of a suite in the making may be old
""")
    return config


def link(target: Path, folder: Path, name: str = "") -> None:
    """Make `folder/name` lead to `target`."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / (name or target.name)
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def give_weight() -> None:
    """Let the containers compete for the processor as four processes do.

    The control group that they are in weighs as much as one process otherwise, so that all of
    them together starve next to other work.
    """
    for group, weight in ("cpu/docker/cpu.shares", 4 * 1024), ("docker/cpu.weight", 4 * 100):
        path = Path("/sys/fs/cgroup", group)
        if (path.parent.parent / "cgroup.procs").exists():  # else it is the other version's path
            path.parent.mkdir(exist_ok=True)
            with suppress(OSError):  # v2 without the controller of the processor
                path.write_text(str(weight))


def delete_bridge(name: str) -> None:
    """Take the network bridge down and away, as `ip link del` would; it may be gone already."""
    down, set_flags, delete = struct.pack("16sH14x", name.encode(), 0), 0x8914, 0x89A1
    with socket.socket() as any_socket, suppress(OSError):
        fcntl.ioctl(any_socket, set_flags, down)
        fcntl.ioctl(any_socket, delete, name.encode() + b"\0")
