"""The proofs of docs/troubleshooting/connection-in-use.md."""

import pytest
from python_on_whales.exceptions import DockerException

IMAGE = "signals/exec-form.Dockerfile"
ENTRY = "troubleshooting/connection-in-use"


def test_port_in_use_ends_gunicorn(build, run, replay):
    """Gunicorn tries the address five times before it gives up."""
    command = "gunicorn core.wsgi & sleep 3; exec gunicorn core.wsgi"
    container = run(build(IMAGE), "sh", "-c", command, ready="Can't connect to")

    assert container.exit_code == 1
    assert container.logs().count("Connection in use: ('127.0.0.1', 8000)") == 5
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_docker_refuses_a_published_port_that_is_taken(build, run, run_once):
    """A container that serves has the port of the host, and another one wants it too."""
    taken = run_once(build(IMAGE)).ports[0]

    with pytest.raises(DockerException, match=r"already (allocated|in use)"):
        run(build(IMAGE), "true", publish_all=False, publish=[(f"127.0.0.1:{taken}", 8000)])
