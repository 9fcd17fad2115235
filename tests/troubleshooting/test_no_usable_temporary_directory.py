"""The proofs of docs/troubleshooting/no-usable-temporary-directory.md."""

ENTRY = "troubleshooting/no-usable-temporary-directory"
READ_ONLY = {"read_only": True, "tmpfs": ["/tmp:ro", "/var/tmp:ro"]}  # Podman's are writable
FULL = {"tmpfs": ["/tmp:size=8k", "/var/tmp:ro"]}
FILL = "head -c 8192 /dev/zero > /tmp/full; exec gunicorn core.wsgi"


def test_start_without_a_temporary_directory_ends_with_the_line(plain_image, run, replay):
    """The image is read-only, and the user cannot write to the code's directory either."""
    container = run(plain_image, ready="", **READ_ONLY)

    assert container.exit_code == 255
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_full_disk_logs_the_same_line(plain_image, run):
    """Only one directory is read-only, while /tmp is full."""
    container = run(plain_image, "sh", "-c", FILL, ready="", **FULL)

    assert container.exit_code == 255
    container.wait_for_log("No usable temporary directory found in ['/tmp',")
