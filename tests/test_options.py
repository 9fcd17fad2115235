"""The proofs of docs/options.md."""

import httpx
import pytest

from images import PROJECT

IMAGE = "signals/exec-form.Dockerfile"  # the shortest that works: these tests add options to it
SERVE = ("gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000")


def test_default_bind_is_not_reachable(build, run):
    """The server listens inside and answers nobody outside; with --bind it does."""
    unbound, bound = run(build(IMAGE), *SERVE[:2]), run(build(IMAGE), *SERVE)

    assert "Listening at: http://127.0.0.1:8000" in unbound.logs()
    with pytest.raises(httpx.TransportError):
        unbound.get("/health/")
    assert bound.get("/health/").status_code == 200


def test_port_variable_changes_the_default_bind(build, run):
    """PORT alone is listened on; beside --bind it is ignored."""
    port = {"PORT": "8000"}
    unbound = run(build(IMAGE), *SERVE[:2], env=port)
    bound = run(build(IMAGE), *SERVE[:3], "0.0.0.0:8001", env=port)

    assert "Listening at: http://0.0.0.0:8000" in unbound.logs()
    assert "Listening at: http://0.0.0.0:8001" in bound.logs()


def test_read_only_root_needs_a_worker_tmp_dir(build, run):
    """Without the option Gunicorn ends at start; with it the same container serves."""
    locked = {"read_only": True, "tmpfs": ["/tmp:ro", "/var/tmp:ro"]}  # Podman's are writable
    without = run(build(IMAGE), ready="No usable temporary directory", **locked)
    arguments = {"GUNICORN_CMD_ARGS": "--worker-tmp-dir /dev/shm"}
    given = run(build(IMAGE), env=arguments, **locked)

    assert without.exit_code == 255
    assert given.get("/health/").text == "ok"


def test_dev_shm_is_memory(build, run):
    """Docker mounts a file system of memory there, where /tmp is on disk."""
    container = run(build(IMAGE))

    kinds = container.exec("stat", "--file-system", "--format=%T", "/dev/shm", "/tmp").split()
    assert kinds[0] == "tmpfs"
    assert kinds[1] != "tmpfs"


@pytest.mark.parametrize("module", ["", "setproctitle==1.3.7"])
def test_name_shows_with_setproctitle_alone(build, run, module):
    """Without the package, `docker top` shows the command line as ever."""
    requirements = (PROJECT / "requirements.txt").read_text()
    image = build(IMAGE, changes={"requirements.txt": f"{requirements}{module}\n"})
    container = run(image, *SERVE, "--name", "shop")
    container.wait_for_log("Booting worker")

    named = [line for line in container.top() if line.startswith("gunicorn: master [shop]")]
    assert len(named) == bool(module)


def test_user_without_home_needs_no_control_socket(build, run):
    """Without the option an error is logged and Gunicorn serves on; with it there is none."""
    with_socket, without = run(build(IMAGE), *SERVE), run(build(IMAGE))
    with_socket.wait_for_log("[ERROR] Control server error: [Errno 13] Permission denied")

    assert with_socket.get("/health/").status_code == 200
    assert without.get("/health/").status_code == 200
    assert "[ERROR]" not in without.logs()


def test_invented_option_stops_gunicorn(build, run):
    """The name that is passed on in forums is no option."""
    line = "unrecognized arguments: --control-socket-disable"
    container = run(build(IMAGE), *SERVE, "--control-socket-disable", ready=line)

    assert container.exit_code == 2


def test_access_log_is_off_unless_asked_for(build, run):
    """The same request leaves a line with the option, and none without."""
    silent, logging = run(build(IMAGE)), run(build(IMAGE), *SERVE, "--access-logfile", "-")
    for container in silent, logging:
        container.get("/health/")
        container.stop()

    assert "GET /health/" not in silent.logs()
    assert "GET /health/" in logging.logs()


def test_prints_wait_unless_unbuffered(build, run):
    """What Python code prints at load is not in the log while the container runs."""
    image = build(IMAGE, changes={"core/wsgi.py": PRINTING})
    buffered, unbuffered = run(image), run(image, env={"PYTHONUNBUFFERED": "1"})
    for container in buffered, unbuffered:
        assert container.get("/health/").status_code == 200

    assert "wsgi is loaded" not in buffered.logs()
    assert "wsgi is loaded" in unbuffered.logs()


PRINTING = """
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
application = get_wsgi_application()
print("wsgi is loaded")
"""
