"""The proofs of docs/troubleshooting/stalled-disk.md."""

from scenarios.stalling_disk import STALL, on_stalling_disk

ENTRY = "troubleshooting/stalled-disk"


def test_killed_worker_had_its_heartbeat_on_the_disk(build, run, replay):
    """No client sends a request while the disk under /tmp stalls."""
    container = on_stalling_disk(build, run, "--timeout", "2")
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)

    container.exec("sh", "-c", STALL)
    container.wait_for_log("was sent SIGKILL!")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
