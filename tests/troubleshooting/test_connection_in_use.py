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
    """A container that serves has the port of the host, and another one wants it too."""
    taken = run_once(plain_image).ports[0]

    with pytest.raises(DockerException, match=r"already (allocated|in use)"):
        run(plain_image, "true", publish_all=False, publish=[(f"127.0.0.1:{taken}", 8000)])
