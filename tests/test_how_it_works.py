"""The proofs of docs/how-it-works.md."""

from harness import SNIPPETS

EXEC_FORM = "signals/exec-form.Dockerfile"
DOZEN_LINES = SNIPPETS / "how-it-works/dozen-lines.wsgi.py"
MOUNTED = {"volumes": [(DOZEN_LINES, "/tmp/wsgi.py", "ro")], "workdir": "/tmp"}
GUNICORN = ["gunicorn", "--bind", "0.0.0.0:8000", "--no-control-socket"]
RUNSERVER = ["python", "manage.py", "runserver", "--noreload"]
ELSEWHERE = {"PYTHONPATH": "/tmp", "DJANGO_SETTINGS_MODULE": "elsewhere"}
SETTINGS = r"""
from core.settings import *
DATABASES["default"]["NAME"] = "/tmp/db.sqlite3"
WSGI_APPLICATION = "core.missing.application"
X_FRAME_OPTIONS = "SAMEORIGIN"
"""
RENAMED = """
sed s/application/app/ wsgi.py > renamed.py
gunicorn renamed --check-config 2>&1
gunicorn renamed:app --check-config && echo found
"""
CALL_BY_HAND = """
from io import BytesIO
from wsgiref.util import setup_testing_defaults
from core.wsgi import application
environ = {"PATH_INFO": "/health/"}
setup_testing_defaults(environ)
print(*application(environ, lambda status, headers: print(status)))
"""
SOCKETS = "readlink /proc/[0-9]*/fd/* | grep socket: | sort | uniq -c | sort -n | tail -n 1"


def test_dozen_lines_answer_over_http(build, run_once):
    """The container serves only this file, without Django or a proxy."""
    container = run_once(build(EXEC_FORM), *GUNICORN, "wsgi", **MOUNTED)

    response = container.get("/any/path/")

    assert response.text == "GET /any/path/\n"
    assert response.headers["Server"] == "gunicorn"


def test_application_is_the_name_by_default(build, run_once):
    """With the function renamed to app, Gunicorn finds it only by the new name after the colon."""
    container = run_once(build(EXEC_FORM), *GUNICORN, "wsgi", **MOUNTED)

    printed = container.exec("sh", "-c", RENAMED)

    assert "Failed to find attribute 'application' in 'renamed'." in printed
    assert printed.endswith("found")


def test_application_of_django_can_be_called_by_hand(build, run_once):
    """Called without a server, the application returns the status and the body."""
    container = run_once(build(EXEC_FORM), env={"WEB_CONCURRENCY": "2"})

    assert container.exec("python", "-c", CALL_BY_HAND).splitlines() == ["200 OK", "b'ok'"]


def test_workers_listen_on_the_socket_of_the_master(build, run_once):
    """All three processes have the same socket open."""
    container = run_once(build(EXEC_FORM), env={"WEB_CONCURRENCY": "2"})
    container.wait_for_log("Booting worker", count=2)
    container.get("/health/")

    count, _ = container.exec("sh", "-c", SOCKETS).split()

    assert len(container.top()) == 3
    assert count == "3"


def test_requests_are_answered_while_the_master_stands_still(build, run):
    """The master is suspended with SIGSTOP, but its worker still responds."""
    container = run(build(EXEC_FORM))
    container.get("/health/")

    container.kill("SIGSTOP")

    assert "T (stopped)" in container.exec("grep", "State", "/proc/1/status")
    assert [container.get("/whoami/").json()["ppid"] for _ in range(5)] == [1] * 5


def test_one_worker_makes_two_processes(build, run_once):
    """Without any option, the master has one child."""
    container = run_once(build(EXEC_FORM), *GUNICORN, "wsgi", **MOUNTED)
    container.get("/")

    assert len(container.top()) == 2


def test_environment_beats_the_settings_that_wsgi_py_names(build, run_once):
    """wsgi.py names another settings module; the module in the variable changes a header."""
    container = run_once(build(EXEC_FORM), *elsewhere(*GUNICORN, "core.wsgi"), env=ELSEWHERE)

    assert container.get("/health/").headers["X-Frame-Options"] == "SAMEORIGIN"


def test_gunicorn_ignores_wsgi_application(build, run, run_once):
    """The setting names a missing module: runserver exits, but Gunicorn serves requests."""
    image = build(EXEC_FORM)

    gunicorn = run_once(image, *elsewhere(*GUNICORN, "core.wsgi"), env=ELSEWHERE)
    runserver = run(image, *elsewhere(*RUNSERVER), env=ELSEWHERE, ready="")

    assert gunicorn.get("/health/").text == "ok"
    assert runserver.exit_code == 1
    assert "WSGI application 'core.missing.application' could not be loaded" in runserver.logs()


def elsewhere(*command):
    """Return a command that writes the test's settings before it executes another command."""
    return ["sh", "-c", 'printf %s "$0" > /tmp/elsewhere.py; exec "$@"', SETTINGS, *command]
