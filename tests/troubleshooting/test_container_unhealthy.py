"""The proofs of docs/troubleshooting/container-unhealthy.md."""

import pytest

from harness.container import wait_until

ENTRY = "troubleshooting/container-unhealthy"
SOON = {"health_interval": 1, "health_retries": 1}
PYTHON = "python -c \"import urllib.request as r; r.urlopen('http://127.0.0.1:{}/health/')\""


@pytest.fixture
def check(plain_image, run):
    """Return a function that runs the image with a check until it fails."""

    def check(command, env=None):
        container = run(plain_image, env=env, health_cmd=command, **SOON)
        assert wait_until(lambda: container.handle.state.health.status == "unhealthy")
        return container

    return check


def test_check_without_its_program_fails_a_healthy_app(check, replay):
    """The check is curl, which a slim image does not contain; the app responds."""
    container = check("curl --fail http://127.0.0.1:8000/health/")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert container.get("/health/").status_code == 200


@pytest.mark.docker_only("a check's whole output: Podman keeps 500 characters")
def test_check_with_a_foreign_host_gets_a_400(check):
    """The check sends 127.0.0.1 as the host, but only another name is allowed.

    The first check may run before Gunicorn listens.
    """
    container = check(PYTHON.format(8000), {"ALLOWED_HOSTS": "shop.example"})

    last = "HTTP Error 400: Bad Request"
    assert wait_until(lambda: last in container.handle.state.health.log[-1].output)


@pytest.mark.docker_only("a check's whole output: Podman keeps 500 characters")
def test_check_of_another_port_is_refused(check):
    """Gunicorn listens on port 8000."""
    container = check(PYTHON.format(8001))

    assert "Connection refused" in container.handle.state.health.log[-1].output


def test_curl_cannot_connect_to_a_port_without_a_listener(official, inside):
    """The image of nginx contains curl; nginx is not started, and nothing else listens."""
    image = official("nginxinc/nginx-unprivileged:1.30")
    for host in "localhost", "127.0.0.1":
        check = inside(image, "curl", "--fail", f"http://{host}:8000/health/")

        assert check.exit_code == 7
        assert f"curl: (7) Failed to connect to {host}" in check.output
