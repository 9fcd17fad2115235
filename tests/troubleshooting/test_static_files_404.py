"""The proofs of docs/troubleshooting/static-files-404.md."""

from scenarios.whitenoise import CHANGES

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


def test_whitenoise_warns_of_a_missing_directory(build, run):
    """The image has WhiteNoise and its files; then the directory is removed."""
    image = build("dockerfile/app.Dockerfile", changes=CHANGES)
    command = ["sh", "-c", "rm -r staticfiles && exec gunicorn core.wsgi --no-control-socket"]

    run(image, *command, user="0", ready="UserWarning: No directory at: /app/staticfiles/")
