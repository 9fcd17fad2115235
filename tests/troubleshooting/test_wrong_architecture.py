"""The proofs of docs/troubleshooting/wrong-architecture.md."""

import subprocess

import pytest

ENTRY = "troubleshooting/wrong-architecture"
DOCKERFILE = 'FROM scratch\nCOPY . /usr/local/bin/\nCMD ["gunicorn", "core.wsgi"]\n'
ARM64 = 0xB7
# The header of a 64-bit program, without the program; no emulator accepts its ABI.
PROGRAM = b"\x7fELF\2\1\1\0\1" + bytes(7) + bytes([2, 0, ARM64, 0, 1]) + bytes(43)


@pytest.fixture
def image_for(builder, docker, tmp_path):
    """Return a function that builds an image from two files for a platform."""
    for name, content in {"gunicorn": PROGRAM, "entrypoint.sh": b"exec gunicorn\n"}.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)

    def image_for(architecture: str) -> str:
        image = builder.tag(architecture)
        command = [*docker.client_config.docker_cmd, "build", "--platform", f"linux/{architecture}"]
        subprocess.check_output([*command, "--quiet", "--tag", image, tmp_path])
        return image

    return image_for


@pytest.mark.docker_only("runc, whose message this is")
def test_kernel_refuses_what_it_cannot_read(image_for, run, replay):
    """An ARM program, and a script without a shell in its first line, lead to the same error."""
    image = image_for("arm64")
    script = run(image, "entrypoint.sh", ready="")

    assert script.exit_code != 0
    script.wait_for_log("exec /usr/local/bin/entrypoint.sh: exec format error")
    replay(f"{ENTRY}/line.console", web=image)
    replay(f"{ENTRY}/confirm.console", web=image)


def test_platform_of_the_build_decides(image_for, docker):
    """One machine builds images for two platforms from the same files."""
    platforms = ["arm64", "amd64"]

    assert [docker.image.inspect(image_for(p)).architecture for p in platforms] == platforms
