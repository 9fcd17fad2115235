"""The proofs of docs/troubleshooting/redirect-loop.md."""

ENTRY = "troubleshooting/redirect-loop"
SETTINGS = "from core.settings import *; SECURE_SSL_REDIRECT = True"
SERVE = "exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
COMMAND = f"echo '{SETTINGS}' > /tmp/https_only.py; {SERVE}"
ENV = {"DJANGO_SETTINGS_MODULE": "https_only", "PYTHONPATH": "/tmp"}


def test_redirect_to_https_repeats_without_the_header(plain_image, run, replay):
    """A request without the header is redirected; the same request with the header is not."""
    env = ENV | {"ALLOWED_HOSTS": "shop.example"}
    container = run(plain_image, "sh", "-c", COMMAND, env=env)

    without = replay(f"{ENTRY}/line.console", web=container.handle.id)
    told = replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert without == "301 https://shop.example/health/\n"
    assert told == "200 None\n"
