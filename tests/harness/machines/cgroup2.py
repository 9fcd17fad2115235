"""A small virtual machine with cgroup v2, systemd and Docker, for any Linux.

It is emulated, which needs no CPU virtualization but takes about fifteen times as long. All of
its files are in one cache directory; each start begins with the same disk.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory

import httpx
from filelock import FileLock
from python_on_whales import DockerClient

from harness import SNIPPETS, engine
from harness.engine import runs
from harness.engine.private import EngineError
from harness.images import Builder
from harness.machines import cgroup2_record
from harness.machines.cgroup2_disk import FOLDER, TOOLS, check, prepare

CHECKOUT = SNIPPETS.parent
LOADED = (  # what most tests build; the other images share their layers
    "signals/exec-form.Dockerfile",
    "dockerfile/app.Dockerfile",
    "concurrency/two-workers.Dockerfile",
)
PORTS = 64  # published by containers; Docker's own port comes after them
BOOT = 1800  # seconds until Docker must respond: 30 on a quiet machine, minutes on a busy one
QEMU = [
    "qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=512",
    "-cpu", "max", "-smp", "2", "-m", "3G", "-nodefaults", "-display", "none", "-no-reboot",
    "-serial", "stdio",
    "-drive", "id=disk,file=/disk.img,format=raw,if=none,cache=unsafe,snapshot=on",
    "-device", "nvme,drive=disk,serial=1", "-device", "virtio-net-pci,netdev=net,romfile=",
    "-device", "virtio-rng-pci",
]  # fmt: skip
KERNEL = (
    "root=/dev/nvme0n1 rw console=ttyS0 quiet mitigations=off nokaslr panic=-1"
    " systemd.show_status=0 systemd.setenv=DRIVER={} systemd.setenv=PORTS={}-{}"
)


def prove(driver: str, name: str, folder: Path, arguments: list[str]) -> int:
    """Run pytest on the machine, and return its exit code; `driver` is Docker's cgroup driver.

    With --record, and if all tests pass, docs/_data/cgroup2.json records which ones did.
    """
    say = partial(print, f"--on {name}:", flush=True)
    start, kept = time.monotonic(), "--record" in arguments
    arguments = [argument for argument in arguments if argument != "--record"]
    results = CHECKOUT / f".cache/machines/{name}.xml"
    command = [sys.executable, "-m", "pytest", "--numprocesses=2", f"--junit-xml={results}"]
    say("making the virtual machine, which takes minutes the first time")
    with machine(driver) as (docker, environ):
        say(f"it is up after {time.monotonic() - start:.0f} s; a test takes about 15 s and more")
        done = subprocess.run(
            [*command, *arguments],
            check=False,
            cwd=CHECKOUT / folder,
            env=os.environ | environ | {"PROOFS_MACHINE": name},
        )
        if kept and done.returncode == 0:
            cgroup2_record.keep(driver, results, described(docker))
    say(f"exit code {done.returncode} after {time.monotonic() - start:.0f} s")
    return done.returncode


@contextmanager
def machine(driver: str) -> Iterator[tuple[DockerClient, dict[str, str]]]:
    """Start the machine, and stop it at the end, even after Ctrl-C.

    Yields a client for its Docker, and the environment variables that pytest needs to use it.
    """
    check()
    source = engine.find()
    if source.client_config.client_type != "docker":
        message = "the virtual machine gets its images from Docker, not from Podman: start Docker"
        raise EngineError(message)
    host = source.client_config.host or os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    run = runs.Run()
    try:
        with TemporaryDirectory() as shared:
            builder = Builder(source, run.name, Path(shared))
            images = [builder.build(SNIPPETS / snippet) for snippet in LOADED]
            with FileLock(engine.CACHE / "cgroup2.lock"):
                prepare(source, images)
        with booted(driver) as docker:
            environ = {"DOCKER_HOST": docker, "PROOFS_IMAGES_FROM": host, "PROOFS_PATIENCE": "10"}
            environ["PROOFS_REGISTRY"] = "the official ones"
            if engine.is_private(source):
                root = engine.private().root
                environ["PROOFS_REGISTRY"] = "none"
                environ["DOCKER_CONFIG"] = f"{root}/config"
                environ["PATH"] = f"{root}/bin:{os.environ['PATH']}"
            client = DockerClient(client_call=source.client_config.client_call, host=docker)
            yield client, environ
    finally:
        run.end()


def described(docker: DockerClient) -> dict[str, str]:
    """Return the machine's components, and today's date."""
    qemu = subprocess.check_output(["chroot", TOOLS, QEMU[0], "--version"], text=True)
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "engine": f"Docker {engine.version(docker)}",
        "kernel": str(docker.info().kernel_version),
        "qemu": re.findall(r"[\d.]+", qemu)[0],
    }


@contextmanager
def booted(driver: str) -> Iterator[str]:
    """Start the machine, and yield the address of its Docker Engine; stop it at the end."""
    first = free_ports(PORTS + 1)
    docker = first + PORTS
    forwards = [f"hostfwd=tcp:127.0.0.1:{port}-:{port}" for port in range(first, docker)]
    forwards.append(f"hostfwd=tcp:127.0.0.1:{docker}-:2375")
    [kernel] = (TOOLS / "boot").glob("vmlinuz-*")
    command: list[str | Path] = [
        "setpriv", "--pdeathsig=KILL", "chroot", TOOLS, *QEMU,
        "-kernel", f"/boot/{kernel.name}", "-append", KERNEL.format(driver, first, docker - 1),
        "-netdev", ",".join(["user,id=net,restrict=on", *forwards]),
    ]  # fmt: skip
    with (FOLDER / "console.log").open("wb") as console:
        machine = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,  # Ctrl-C is for the tests, which then still clean up
        )
    try:
        wait_for_docker(machine, f"http://127.0.0.1:{docker}/_ping")
        yield f"tcp://127.0.0.1:{docker}"
    finally:
        machine.kill()
        machine.wait()


def wait_for_docker(machine: subprocess.Popen[bytes], address: str) -> None:
    """Wait until the machine's Docker Engine responds."""
    deadline = time.monotonic() + BOOT
    while machine.poll() is None and time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(address, timeout=5).text == "OK":
                return
        time.sleep(0.5)
    message = f"the virtual machine does not start: see {FOLDER}/console.log"
    raise EngineError(message)


def free_ports(count: int) -> int:
    """Return the first of this many consecutive free ports, outside the range of random ports."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for first in range(20_000, low - count, count):
        if all(is_free(port) for port in range(first, first + count)):
            return first
    message = f"the virtual machine needs {count} free ports in a row between 20000 and {low}"
    raise EngineError(message)


def is_free(port: int) -> bool:
    """Whether nothing listens on a port on this machine."""
    with closing(socket()) as tried, suppress(OSError):
        tried.bind(("127.0.0.1", port))
        return True
    return False
