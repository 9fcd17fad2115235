"""The proofs of docs/troubleshooting/upload-cut.md."""

ENTRY = "troubleshooting/upload-cut"
APP = """
def app(environ, start_response):
    size = len(environ["wsgi.input"].read())
    start_response("200 OK", [])
    return [f"read {size}".encode()]
"""
SERVE = ["sh", "-c", f"echo '{APP}' > /tmp/app.py; exec gunicorn --chdir /tmp app:app $0 $@"]
SERVE += ["--bind", "0.0.0.0:8000", "--timeout", "2"]
UPLOAD_FOR_SIX_SECONDS = """
import http.client, time
client = http.client.HTTPConnection("127.0.0.1", 8000)
try:
    client.request("POST", "/upload/", (time.sleep(1) or b"x" * 1000 for _ in range(6)),
                   {"Content-Length": "6000"})
except OSError:
    pass
answer = client.getresponse()
print(answer.status, answer.read().decode())
"""


def test_slow_upload_outlasts_the_timeout(plain_image, run, replay):
    """A sync worker is killed while it reads the body, and the client gets a 500."""
    container = run(plain_image, *SERVE)
    answer = container.exec("python", "-c", UPLOAD_FOR_SIX_SECONDS)
    container.wait_for_log("Booting worker", count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert answer.startswith("500")


def test_threads_let_the_upload_finish(plain_image, run):
    """With threads, the same upload is read completely."""
    container = run(plain_image, *SERVE, "--threads", "4")

    answer = container.exec("python", "-c", UPLOAD_FOR_SIX_SECONDS)
    assert answer.strip() == "200 read 6000"
