"""The proofs of docs/troubleshooting/no-module-packaging.md."""

from scenarios.worker_classes import GTHREAD, with_gevent

IMAGE = "signals/exec-form.Dockerfile"
ENTRY = "troubleshooting/no-module-packaging"
GEVENT = {"GUNICORN_CMD_ARGS": "--worker-class gevent"}


def test_gevent_worker_lacks_packaging(build, run, replay):
    """Gunicorn and gevent are installed by name, without the extra."""
    image = build(GTHREAD, changes=with_gevent("gunicorn"))
    container = run(image, "gunicorn", "core.wsgi", env=GEVENT, ready="")

    assert container.exit_code == 1
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_gevent_worker_names_the_missing_gevent(build, run):
    """Without gevent, Gunicorn logs another line."""
    line = "RuntimeError: gevent worker requires gevent"
    container = run(build(IMAGE), env=GEVENT, ready=line)

    assert container.exit_code == 1
