"""The proofs of docs/troubleshooting/stream-cut.md."""

ENTRY = "troubleshooting/stream-cut"
APP = """
import time
def app(environ, start_response):
    start_response("200 OK", [])
    for _ in range(20):
        yield b"line"
        time.sleep(1)
"""
SERVE = ["sh", "-c", f"echo '{APP}' > /tmp/app.py; exec gunicorn --chdir /tmp app:app $0 $@"]
SERVE += ["--bind", "0.0.0.0:8000", "--timeout", "2"]


def test_cut_stream_is_logged_without_a_path(plain_image, run, replay):
    """The client does not receive the end, and the line after the timeout shows no request."""
    container = run(plain_image, *SERVE)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    container.wait_for_log("Booting worker", count=2)

    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    container.wait_for_log("Error handling request\n")
