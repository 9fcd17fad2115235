"""The proofs of docs/troubleshooting/static-files-404.md."""

ENTRY = "troubleshooting/static-files-404"


def test_django_serves_no_static_file(plain_image, run_once, replay):
    """The static file exists, but DEBUG is off."""
    container = run_once(plain_image)
    response = container.get("/static/core/site.css")
    container.wait_for_log("Not Found: /static/core/site.css")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert response.status_code == 404
    assert container.exec("python", "manage.py", "findstatic", "core/site.css")
