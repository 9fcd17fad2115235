"""The proofs of docs/troubleshooting/no-space-left.md."""

import pytest

ENTRY = "troubleshooting/no-space-left"
FULL = "[Errno 28] No space left on device"
SLEEP = ("sleep", "600")
TOUCH = "touch /data/1 /data/2 /data/3 /data/4 2>&1; df --output=pcent,ipcent /data"


def test_full_tmpfs_refuses_the_write(plain_image, run, replay):
    """The tmpfs has 64 kB, while the root file system has free space."""
    container = run(plain_image, *SLEEP, ready="", tmpfs=["/data:size=64k,mode=1777"])

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    container.exec("sh", "-c", "head -c 100000 /dev/zero > /tmp/file")


@pytest.mark.docker_only("a limit of inodes for a tmpfs")
def test_full_inodes_have_the_same_line(plain_image, run):
    """The tmpfs has a megabyte, but only enough inodes for its root and two files."""
    options = {"tmpfs": ["/data:size=1m,nr_inodes=3,mode=1777"]}
    container = run(plain_image, "sh", "-c", TOUCH, ready="", **options)

    assert container.exit_code == 0
    assert container.logs().count("No space left on device") == 2
    assert container.logs().splitlines()[-1].split() == ["0%", "100%"]


@pytest.mark.docker_only("64 MB of shared memory by default: Podman has 62.5 MB")
def test_shared_memory_is_64_mb(inside, plain_image):
    """Without an option, /dev/shm has Docker's default size of 64 MB."""
    done = inside(plain_image, "df", "--output=size", "--block-size=1M", "/dev/shm")

    assert done.output.split()[-1] == "64"
