"""A small virtual machine with control groups of version 2, systemd and Docker, on any Linux.

It is emulated, which takes no privilege of the processor and about fifteen times as long. All of
it lies in one folder of the cache; each start begins with the same disk.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory

import httpx
from python_on_whales import DockerClient

import engine
from harness.handover import hand_over
from images import SNIPPETS, Builder
from private_engine import KEYRING, EngineError, debian_mirror

FOLDER = engine.CACHE / "cgroup2"
TOOLS, ROOT = FOLDER / "tools", FOLDER / "root"
TREES = {  # folder: suite, kind of tree, packages
    TOOLS: ("trixie", "extract", "base-files,qemu-system-x86,linux-image-cloud-amd64,e2fsprogs"),
    ROOT: ("forky", "minbase", "systemd-sysv,dbus,docker.io,iptables,kmod,iproute2"),
}
LOADED = (  # what most tests build; the other images share their layers
    "signals/exec-form.Dockerfile",
    "dockerfile/app.Dockerfile",
    "concurrency/two-workers.Dockerfile",
)
OWN = Path(__file__).parent / "cgroup2-root"  # what is added to the machine's root
DISK = TOOLS / "disk.img"
PORTS = 64  # published by containers; Docker's own port comes after them
BOOT = 600  # seconds until Docker must answer: it takes 30 on a machine with nothing else to do
QEMU = [
    "qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", "2",
    "-m", "3G", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio",
    "-drive", "id=disk,file=/disk.img,format=raw,if=none,cache=unsafe,snapshot=on",
    "-device", "nvme,drive=disk,serial=1", "-device", "virtio-net-pci,netdev=net,romfile=",
    "-device", "virtio-rng-pci",
]  # fmt: skip
MKE2FS = ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-E", "lazy_itable_init=1"]
KERNEL = (
    "root=/dev/nvme0n1 rw console=ttyS0 quiet mitigations=off nokaslr panic=-1"
    " systemd.show_status=0 systemd.setenv=DRIVER={} systemd.setenv=PORTS={}-{}"
)


@contextmanager
def machine(driver: str) -> Iterator[dict[str, str]]:
    """Start the machine, and yield what the environment of pytest needs to use it; then stop it.

    `driver` is Docker's for control groups: systemd, as Docker chooses on this machine, or
    cgroupfs. The engine of this machine builds the images.
    """
    source = engine.find()
    if source.client_config.client_type != "docker":
        message = "the virtual machine takes images from Docker, not from Podman: start Docker"
        raise EngineError(message)
    host = source.client_config.host or os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    run = engine.Run()
    try:
        with TemporaryDirectory() as shared:
            builder = Builder(source, run.name, Path(shared))
            prepare(source, [builder.build(SNIPPETS / snippet) for snippet in LOADED])
        with booted(driver) as docker:
            environ = {"DOCKER_HOST": docker, "PROOFS_IMAGES_FROM": host, "PROOFS_PATIENCE": "10"}
            if engine.is_private(source):
                root = engine.private().root
                environ["DOCKER_CONFIG"] = f"{root}/config"
                environ["PATH"] = f"{root}/bin:{os.environ['PATH']}"
            yield environ
    finally:
        run.end()


def prepare(source: DockerClient, images: Iterable[str]) -> None:
    """Have the machine's disk, with these images of another engine already loaded."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        message = (
            "the virtual machine is made from Debian's packages (qemu-system-x86 and others):"
            " run this as root on Debian"
        )
        raise EngineError(message)
    if not (engine.private().root / "bin/mmdebstrap").exists():
        engine.private().unpack()
    for tree in TREES:
        make_tree(tree)
    own = [path.read_bytes() for path in sorted(OWN.rglob("*")) if path.is_file()]
    ids = sorted(source.image.inspect(image).id for image in images)
    recipe = digest(list(TREES.values()), own, ids)
    if is_made(DISK, recipe):
        return
    kernel_modules = TOOLS / "usr/lib/modules"
    shutil.copytree(kernel_modules, ROOT / "usr/lib/modules", dirs_exist_ok=True)
    for version in kernel_modules.iterdir():
        subprocess.run(["chroot", ROOT, "depmod", version.name], check=True)
    shutil.copytree(OWN, ROOT, dirs_exist_ok=True)
    load(source, ids)
    DISK.unlink(missing_ok=True)
    with mounted(ROOT, TOOLS / "mnt"):
        command = (
            "mke2fs -q -t ext4 -O ^has_journal -m 0 -E lazy_itable_init=1 -d /mnt /disk.img 4G"
        )
        subprocess.run(["chroot", TOOLS, *command.split()], check=True)
    made(DISK, recipe)


def make_tree(tree: Path) -> None:
    """Unpack Debian's packages for the host's tools or for the machine's root."""
    suite, variant, packages = TREES[tree]
    if is_made(tree, digest(TREES[tree])):
        return
    shutil.rmtree(tree, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [
        engine.private().root / "bin/mmdebstrap", "--quiet", "--mode=root", f"--variant={variant}",
        f"--include={packages}", '--aptopt=Acquire::Check-Valid-Until "false"',
        '--aptopt=APT::Install-Recommends "false"',
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale")),
        suite, tree, f"deb [signed-by={KEYRING}] {debian_mirror()} {suite} main",
    ]  # fmt: skip
    path = f"{engine.private().root}/bin:{os.environ['PATH']}"
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=os.environ | {"PATH": path}
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["mmdebstrap failed"])[-1]
        message = f"the packages of the virtual machine ({packages}) are out of reach: {why}"
        raise EngineError(message)
    made(tree, digest(TREES[tree]))


def load(source: DockerClient, ids: Iterable[str]) -> None:
    """Load images into the machine's root with a Docker Engine of this machine.

    The emulated one would take minutes. The engine gets a network namespace of its own, because
    without a bridge it deletes the one that it finds.
    """
    data, work = ROOT / "var/lib/docker", FOLDER / "load"
    shutil.rmtree(data, ignore_errors=True)
    work.mkdir(exist_ok=True)
    host, programs = f"unix://{work}/docker.sock", engine.private().root / "bin"
    command = [
        "unshare", "--net", programs / "dockerd", "--config-file=/dev/null", f"--host={host}",
        f"--data-root={data}", f"--exec-root={work}/exec", f"--pidfile={work}/docker.pid",
        "--storage-driver=overlay2", "--bridge=none", "--iptables=false", "--ip6tables=false",
        "--ip-forward=false", "--log-level=error",
    ]  # fmt: skip
    environ = os.environ | {"PATH": f"{programs}:/usr/sbin:/sbin:{os.environ['PATH']}"}
    client = DockerClient(client_call=[str(programs / "docker")], host=host)
    with (FOLDER / "load.log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
    try:
        while not private_answers(client):
            if daemon.poll() is not None:
                message = f"the images' engine does not start: see {FOLDER}/load.log"
                raise EngineError(message)
            time.sleep(0.1)
        for image in ids:
            hand_over(source, client, image)
    finally:
        daemon.terminate()
        daemon.wait()
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def booted(driver: str) -> Iterator[str]:
    """Start the machine, and yield the address of its Docker Engine; stop it at the end."""
    first = free_ports(PORTS + 1)
    docker = first + PORTS
    forwards = [f"hostfwd=tcp:127.0.0.1:{port}-:{port}" for port in range(first, docker)]
    forwards.append(f"hostfwd=tcp:127.0.0.1:{docker}-:2375")
    [kernel] = (TOOLS / "boot").glob("vmlinuz-*")
    command = [
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


def wait_for_docker(machine: subprocess.Popen, address: str) -> None:
    """Wait until the machine's Docker Engine answers."""
    deadline = time.monotonic() + BOOT
    while machine.poll() is None and time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(address, timeout=5).text == "OK":
                return
        time.sleep(0.5)
    message = f"the virtual machine does not start: see {FOLDER}/console.log"
    raise EngineError(message)


def free_ports(count: int) -> int:
    """Return the first of so many free ports in a row that no other program is given by chance."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for first in range(20_000, low - count, count):
        if all(is_free(port) for port in range(first, first + count)):
            return first
    message = f"the virtual machine needs {count} free ports in a row between 20000 and {low}"
    raise EngineError(message)


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of this machine."""
    with closing(socket()) as tried, suppress(OSError):
        tried.bind(("127.0.0.1", port))
        return True
    return False


@contextmanager
def mounted(folder: Path, place: Path) -> Iterator[None]:
    """Let a folder be seen in another place for a while."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "--bind", folder, place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def private_answers(client: DockerClient) -> bool:
    """Whether an engine is up."""
    command = [*map(str, client.client_config.docker_cmd), "version"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def digest(*parts: object) -> str:
    """Return what changes with any of these."""
    return sha256(repr(parts).encode()).hexdigest()


def is_made(what: Path, recipe: str) -> bool:
    """Whether something of the cache was made to its end, and by this recipe."""
    stamp = what.with_name(f"{what.name}.recipe")
    return what.exists() and stamp.exists() and stamp.read_text() == recipe


def made(what: Path, recipe: str) -> None:
    """Note by which recipe something of the cache was made."""
    what.with_name(f"{what.name}.recipe").write_text(recipe)


def main() -> int:
    """Run pytest on the machine: python -m harness.cgroup2 DRIVER ARGUMENTS."""
    _, driver, *arguments = sys.argv
    with machine(driver) as environ:
        command = [sys.executable, "-m", "pytest", "-m", "cgroup", "-n2", *arguments]
        return subprocess.run(command, check=False, env=os.environ | environ).returncode


if __name__ == "__main__":
    sys.exit(main())
