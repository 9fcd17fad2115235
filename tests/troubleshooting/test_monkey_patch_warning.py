"""The proofs of docs/troubleshooting/monkey-patch-warning.md."""

from scenarios.worker_classes import GEVENT_CLASS, GTHREAD, with_gevent

ENTRY = "troubleshooting/monkey-patch-warning"
IMPORT = "from ssl import SSLContext\n"
PATCH = "from gevent import monkey\n\nmonkey.patch_all()\n"
GUNICORN = "gunicorn[gevent]"


def test_import_before_the_patch_is_warned_of(build, run, replay):
    """The configuration file imports from ssl, and the worker patches at startup."""
    changes = with_gevent(GUNICORN) | {"gunicorn.conf.py": IMPORT}
    container = run(build(GTHREAD, changes=changes), *GEVENT_CLASS, ready="MonkeyPatchWarning")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_patch_before_the_import_warns_of_nothing(build, run):
    """The same configuration file patches before it imports from ssl."""
    changes = with_gevent(GUNICORN) | {"gunicorn.conf.py": PATCH + IMPORT}
    container = run(build(GTHREAD, changes=changes), *GEVENT_CLASS)

    assert container.get("/health/").text == "ok"
    assert "MonkeyPatchWarning" not in container.logs()
