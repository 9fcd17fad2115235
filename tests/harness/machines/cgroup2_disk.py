"""The virtual machine's disk, made from Debian's packages; the first time takes minutes."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from python_on_whales import DockerClient

from harness import engine
from harness.engine.private import KEYRING, EngineError, debian_mirror
from harness.machines.handover import hand_over

FOLDER = engine.CACHE / "cgroup2"
TOOLS = FOLDER / "tools"  # programs from there that run on this machine
SYSTEM = TOOLS / "system"  # the virtual machine's files
TREES = {  # directory: suite, kind of tree, packages
    TOOLS: ("trixie", "extract", "base-files,qemu-system-x86,linux-image-cloud-amd64,e2fsprogs"),
    SYSTEM: ("forky", "minbase", "systemd-sysv,dbus,docker.io,iptables,kmod,iproute2,procps"),
}
OWN = Path(__file__).parent / "cgroup2-root"  # added to the machine's root
DISK = TOOLS / "disk.img"
MKE2FS = ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-E", "lazy_itable_init=1"]


def check() -> None:
    """Raise EngineError if the disk cannot be made."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        message = (
            "the virtual machine is made from Debian's packages (qemu-system-x86 and others):"
            " run this as root on Debian"
        )
        raise EngineError(message)


def prepare(source: DockerClient, images: Iterable[str]) -> None:
    """Prepare the machine's disk, with these images from another engine already loaded."""
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
    shutil.copytree(kernel_modules, SYSTEM / "usr/lib/modules", dirs_exist_ok=True)
    for version in kernel_modules.iterdir():
        subprocess.run(["chroot", SYSTEM, "depmod", version.name], check=True)
    shutil.copytree(OWN, SYSTEM, dirs_exist_ok=True)
    for folder in "etc", "var":  # so that systemd does no update work at each start
        (SYSTEM / folder / ".updated").touch()
    load(source, ids)
    DISK.unlink(missing_ok=True)
    command: list[str | Path] = ["chroot", TOOLS, *MKE2FS, "-d", "/system", "/disk.img", "4G"]
    subprocess.run(command, check=True, capture_output=True)
    made(DISK, recipe)


def make_tree(tree: Path) -> None:
    """Unpack Debian's packages for the host's tools or for the machine's root."""
    suite, variant, packages = TREES[tree]
    if is_made(tree, digest(TREES[tree])):
        return
    shutil.rmtree(tree, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [
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
    """Load images into the machine's root with a Docker Engine on this machine.

    The emulated one would take minutes. The engine gets its own network namespace, because
    without a bridge it deletes an existing one.
    """
    data, work = SYSTEM / "var/lib/docker", FOLDER / "load"
    shutil.rmtree(data, ignore_errors=True)
    work.mkdir(exist_ok=True)
    host, programs = f"unix://{work}/docker.sock", engine.private().root / "bin"
    command: list[str | Path] = [
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
        while not answers(client):
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


def answers(client: DockerClient) -> bool:
    """Whether an engine is running."""
    command = [*map(str, client.client_config.docker_cmd), "version"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def digest(*parts: object) -> str:
    """Return a digest that changes with any of these parts."""
    return sha256(repr(parts).encode()).hexdigest()


def is_made(what: Path, recipe: str) -> bool:
    """Whether a part of the cache was completed, with this recipe."""
    stamp = what.with_name(f"{what.name}.recipe")
    return what.exists() and stamp.exists() and stamp.read_text() == recipe


def made(what: Path, recipe: str) -> None:
    """Record the recipe by which a part of the cache was made."""
    what.with_name(f"{what.name}.recipe").write_text(recipe)
