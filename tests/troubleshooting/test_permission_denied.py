"""The proofs of docs/troubleshooting/permission-denied.md."""

import pytest

ENTRY = "troubleshooting/permission-denied"
SLEEP = ("sleep", "600")
MAKE = ["install", "-d", "-o", "65534", "/srv/data"]


@pytest.mark.docker_only("new volume that belongs to root")
def test_folder_given_to_the_user_can_be_written_to(plain_image, run, replay):
    """A new volume belongs to root, until root gives it away while the container runs."""
    container = run(plain_image, *SLEEP, ready="", volumes=[("/data",)])
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)

    replay(f"{ENTRY}/give.console", web=container.handle.id)

    container.exec("touch", "/data/file")


@pytest.mark.docker_only("new volume that belongs to root")
def test_new_volume_takes_the_owner_from_the_image(plain_image, builder, run):
    """One of two volumes lies over a folder that the image has given to its user."""
    image = builder.tag("with-a-folder")
    made = run(plain_image, *SLEEP, ready="")
    made.handle.execute(MAKE, user="0")
    made.handle.commit(tag=image)

    container = run(image, *SLEEP, ready="", volumes=[("/srv/data",), ("/data",)])

    assert container.exec("stat", "--format=%u", "/srv/data", "/data").split() == ["65534", "0"]
