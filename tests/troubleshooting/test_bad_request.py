"""The proofs of docs/troubleshooting/bad-request.md."""

ENTRY = "troubleshooting/bad-request"
APP = """
def app(environ, start_response):
    print("called", flush=True)
    start_response("200 OK", [])
    return []
"""
SERVE = ["sh", "-c", f"echo '{APP}' > /tmp/app.py; exec gunicorn --chdir /tmp app:app $0 $@"]
SERVE += ["--bind", "0.0.0.0:8000"]


def test_gunicorn_itself_refuses_the_request(plain_image, run, replay):
    """The application is called only for a valid request."""
    container = run(plain_image, *SERVE)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    container.wait_for_log("Invalid request")
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert "called" not in container.logs()

    container.get()
    container.wait_for_log("called")
