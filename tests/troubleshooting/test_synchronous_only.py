"""The proofs of docs/troubleshooting/synchronous-only.md."""

import pytest

from harness import ROOT

ENTRY = "troubleshooting/synchronous-only"
PROBE = [(ROOT / "tests/probes/async_views.py", "/app/async_views.py", "ro")]
SERVE = ["gunicorn", "async_views", "--worker-class", "asgi", "--bind", "0.0.0.0:8000"]
SQLITE = {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"}


@pytest.fixture(scope="module")
def web(running, plain_image):
    """Return the project with three extra views and a database."""
    with running(plain_image, *SERVE, env=SQLITE, volumes=PROBE) as container:
        container.exec("python", "manage.py", "migrate", "--verbosity", "0")
        container.wait_for_log("Booting worker")
        yield container


def test_query_in_an_async_view_fails(web, replay):
    """An async view counts rows without await."""
    assert web.get("/wrong/").status_code == 500
    web.wait_for_log("SynchronousOnlyOperation")
    replay(f"{ENTRY}/line.console", web=web.handle.id)
    replay(f"{ENTRY}/confirm.console", web=web.handle.id)


def test_async_methods_are_allowed(web):
    """The same query succeeds if it is awaited."""
    assert web.get("/right/").text == "0"


def test_plain_view_may_query(web):
    """The same query succeeds in a view without async."""
    assert web.get("/plain/").text == "0"
