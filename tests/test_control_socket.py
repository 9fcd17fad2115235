"""The proofs of docs/control-socket.md."""

import pytest
from python_on_whales.exceptions import DockerException

IMAGE = "signals/exec-form.Dockerfile"  # its CMD turns the socket off; SERVE does not
SERVE = ("gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000")
SOCKET = "/tmp/gunicorn.ctl"
ERROR = "[ERROR] Control server error: "
LISTENING = "Control socket listening at "
GUNICORNC = ("gunicornc", "-s", SOCKET, "-c")


def test_user_without_home_needs_no_control_socket(build, run):
    """Without the option, Gunicorn logs an error but serves; with it, there is no error."""
    with_socket, without = run(build(IMAGE), *SERVE), run(build(IMAGE))
    with_socket.wait_for_log(f"{ERROR}[Errno 13] Permission denied: '/nonexistent'")

    assert with_socket.get("/health/").status_code == 200
    assert without.get("/health/").status_code == 200
    assert "[ERROR]" not in without.logs()


@pytest.mark.docker_only("a user without an account: Podman adds one")
def test_user_without_account_has_no_place_for_the_socket(build, run):
    """For a user who is not in /etc/passwd, the engine sets the home directory to /."""
    container = run(build(IMAGE), *SERVE, user="4321:4321")

    container.wait_for_log(f"{ERROR}[Errno 13] Permission denied: '/.gunicorn'")
    assert container.get("/health/").text == "ok"


def test_read_only_root_has_no_place_for_the_socket(build, run):
    """With a read-only root, even root cannot write to its home; Gunicorn tries no other place."""
    container = run(build(IMAGE), *SERVE, user="0", read_only=True, tmpfs=["/tmp"])

    container.wait_for_log(f"{ERROR}[Errno 30] Read-only file system: '/root/.gunicorn'")
    assert container.get("/health/").text == "ok"


def test_control_server_error_comes_with_each_worker(build, run):
    """Two signals each add a worker, and the error is logged once for each."""
    container = run(build(IMAGE), *SERVE)

    for count in (1, 2):
        container.wait_for_log(ERROR, count=count)
        container.kill("SIGTTIN")

    assert container.wait_for_log(ERROR, count=3).count("Handling signal: ttin") == 2


def test_invented_option_stops_gunicorn(build, run):
    """The name from forum posts is not an option."""
    line = "unrecognized arguments: --control-socket-disable"
    container = run(build(IMAGE), *SERVE, "--control-socket-disable", ready=line)

    assert container.exit_code == 2


@pytest.mark.parametrize(
    ("option", "env", "path"),
    [
        (["--control-socket", SOCKET], {}, SOCKET),
        ([], {"XDG_RUNTIME_DIR": "/tmp"}, SOCKET),
        ([], {"HOME": "/tmp"}, "/tmp/.gunicorn/gunicorn.ctl"),
    ],
    ids=["option", "XDG_RUNTIME_DIR", "HOME"],
)
def test_control_socket_goes_where_it_is_told(build, run, option, env, path):
    """The user has no home; this setting is the only difference from a start with the error."""
    container = run(build(IMAGE), *SERVE, *option, env=env)

    assert ERROR not in container.wait_for_log(f"{LISTENING}{path}\n")


def test_gunicornc_adds_a_worker(build, run, replay):
    """The page's command runs, and a second worker boots."""
    container = listening(build, run)

    replay("control-socket/add-worker.console", web=container.handle.id)

    container.wait_for_log("Booting worker", count=2)


def test_control_socket_is_for_its_owner(build, run):
    """The image's user can list the workers; another user cannot connect."""
    container = listening(build, run)
    ask = [*GUNICORNC, "show workers"]

    assert container.exec("stat", "--format=%a", SOCKET) == "600"
    assert "Total: 1 workers" in container.exec(*ask)
    with pytest.raises(DockerException, match="Permission denied"):
        container.handle.execute(ask, user="4321:4321")


def test_gunicornc_calls_serving_workers_not_booted(build, run):
    """The only worker has served a request, but the BOOTED column says no."""
    container = listening(build, run)
    assert container.get("/health/").text == "ok"

    heading, _, worker, *_ = container.exec(*GUNICORNC, "show workers").splitlines()

    assert heading.split()[:3] == ["PID", "AGE", "BOOTED"]
    assert worker.split()[1:3] == ["1", "no"]


def test_control_socket_of_25_1_lies_in_the_working_directory(build, run):
    """Root can write to the working directory, but the image's user gets the error."""
    image = build(IMAGE, requirements={"gunicorn": "25.1.0"})

    run(image, *SERVE, user="0").wait_for_log(f"{LISTENING}/app/gunicorn.ctl\n")
    run(image, *SERVE).wait_for_log(f"{ERROR}[Errno 13] Permission denied")


@pytest.mark.parametrize("version", ["25.2.0", "25.3.0"])
def test_control_socket_of_25_3_lies_in_the_home(build, run, version):
    """The socket is in root's home directory, unless the variable sets another one."""
    image = build(IMAGE, requirements={"gunicorn": version})
    runtime = {"XDG_RUNTIME_DIR": "/run"}

    run(image, *SERVE, user="0").wait_for_log(f"{LISTENING}/root/.gunicorn/gunicorn.ctl\n")
    run(image, *SERVE, user="0", env=runtime).wait_for_log(f"{LISTENING}/run/gunicorn.ctl\n")


def test_gunicorn_23_knows_no_control_socket(build, run):
    """Gunicorn 23 serves without logging a line about a socket, and rejects the option."""
    image = build(IMAGE, requirements={"gunicorn": "23.0.0"})
    line = "unrecognized arguments: --no-control-socket"
    serving = run(image, *SERVE, user="0")
    stopped = run(image, *SERVE, "--no-control-socket", ready=line)

    assert serving.get("/health/").text == "ok"
    assert "ontrol s" not in serving.logs()
    assert stopped.exit_code == 2


def listening(build, run):
    """Return a container whose control socket is at the page's path."""
    container = run(build(IMAGE), *SERVE, "--control-socket", SOCKET)
    container.wait_for_log(LISTENING)
    return container
