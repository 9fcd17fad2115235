"""The proofs of docs/troubleshooting/connection-in-use.md."""

import pytest
from python_on_whales.exceptions import DockerException

ENTRY = "troubleshooting/connection-in-use"


def test_port_in_use_ends_gunicorn(plain_image, run, replay):
    """Gunicorn tries the address five times before it gives up."""
    command = "gunicorn core.wsgi & sleep 3; exec gunicorn core.wsgi"
    container = run(plain_image, "sh", "-c", command, ready="Can't connect to")

    assert container.exit_code == 1
    assert container.logs().count("Connection in use: ('127.0.0.1', 8000)") == 5
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_docker_refuses_a_published_port_that_is_taken(plain_image, run, run_once):
    """A running container uses the host's port, and another one requests it too."""
    taken = run_once(plain_image).ports[0]

    with pytest.raises(DockerException, match=r"already (allocated|in use)"):
        run(plain_image, "true", publish_all=False, publish=[(f"127.0.0.1:{taken}", 8000)])


def test_count_starts_again_with_the_container(plain_image, run, replay):
    """The container ran twice: its log has four lines, but the command counts two."""
    command = "gunicorn core.wsgi & sleep 3; exec gunicorn core.wsgi"
    container = run(plain_image, "sh", "-c", command, ready="Can't connect to")
    assert container.exit_code == 1
    container.handle.start()
    assert container.exit_code == 1

    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert container.logs().count("Starting gunicorn") == 4
