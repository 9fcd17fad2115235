"""The proofs of docs/troubleshooting/permission-denied.md."""

import pytest
from python_on_whales.exceptions import DockerException

from harness import ROOT, SNIPPETS

UV = ROOT / "tests/scenarios/uv.Dockerfile"
SCRIPT = "signals/exec-in-script.entrypoint.sh"
ENTRY = "troubleshooting/permission-denied"
SLEEP = ("sleep", "600")
MAKE = ["install", "-d", "-o", "65534", "/srv/data"]


@pytest.mark.docker_only("a new volume that belongs to root")
def test_folder_given_to_the_user_can_be_written_to(plain_image, run, replay):
    """A new volume belongs to root, until root changes its owner in the running container."""
    container = run(plain_image, *SLEEP, ready="", volumes=[("/data",)])
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)

    replay(f"{ENTRY}/give.console", web=container.handle.id)

    container.exec("touch", "/data/file")


@pytest.mark.docker_only("a new volume that belongs to root")
def test_new_volume_takes_the_owner_from_the_image(plain_image, builder, run):
    """One of two new volumes is mounted over a directory that belongs to the image's user."""
    image = builder.tag("with-a-folder")
    made = run(plain_image, *SLEEP, ready="")
    made.handle.execute(MAKE, user="0")
    made.handle.commit(tag=image)

    container = run(image, *SLEEP, ready="", volumes=[("/srv/data",), ("/data",)])

    assert container.exec("stat", "--format=%u", "/srv/data", "/data").split() == ["65534", "0"]


@pytest.mark.docker_only("a new volume that belongs to root")
def test_folder_can_be_given_while_the_container_is_down(plain_image, official, run, replay):
    """The container has stopped, and the next one with its volumes can write to them."""
    official("python:3.14-slim")
    down = run(plain_image, "true", ready="", volumes=[("/data",)])
    assert down.exit_code == 0

    replay(f"{ENTRY}/give-while-down.console", web=down.handle.id)

    again = run(plain_image, *SLEEP, ready="", volumes_from=[down.handle])
    again.exec("touch", "/data/file")


@pytest.mark.docker_only("a new volume that belongs to root")
def test_sqlite_needs_a_directory_that_it_can_write_to(plain_image, run):
    """The user needs to own the directory: owning only the file in root's is not enough."""
    env = {"DATABASE_URL": "sqlite:////data/db.sqlite3"}
    container = run(plain_image, *SLEEP, ready="", env=env, volumes=[("/data",)])
    attempts = []
    for own in ("nothing", "/data/db.sqlite3", "/data"):
        give = f"touch /data/db.sqlite3; chown 65534 {own}" if own != "nothing" else "true"
        container.handle.execute(["sh", "-c", give], user="0")
        attempts.append(container.exec("sh", "-c", "python manage.py migrate 2>&1 | tail -n 1"))

    assert "unable to open database file" in attempts[0]
    assert "attempt to write a readonly database" in attempts[1]
    assert attempts[2].endswith("OK")


@pytest.mark.docker_only("runc, whose message this is")
def test_mounted_script_keeps_its_own_permissions(build, run, tmp_path):
    """The Dockerfile makes the script executable; the file on the host is not."""
    script = tmp_path / "entrypoint.sh"
    script.write_text((SNIPPETS / SCRIPT).read_text())
    script.chmod(0o644)
    image = build("signals/exec-in-script.Dockerfile", files=[SCRIPT])

    with pytest.raises(DockerException, match=r"exec: .*entrypoint.sh.*: permission denied"):
        run(image, ready="", volumes=[(script, "/app/entrypoint.sh")])


def test_uv_run_needs_a_cache_directory(build, inside):
    """The user has no home directory; without a cache, uv starts the program."""
    image = build(UV)
    command = ["uv", "run", "--no-project", "python", "-c", "print('ran')"]
    refused, ran = inside(image, *command), inside(image, *command, env={"UV_NO_CACHE": "1"})

    assert refused.exit_code == 2
    assert (
        "failed to create directory `/nonexistent/.cache/uv`: Permission denied" in refused.output
    )
    assert ran.output.endswith("ran\n")
