"""The proofs of docs/troubleshooting/changing-values.md."""

ENTRY = "troubleshooting/changing-values"
APP = """
import itertools, time
numbers = itertools.count(1)
def app(environ, start_response):
    time.sleep(0.05)
    start_response("200 OK", [])
    return [str(next(numbers)).encode()]
"""
SERVE = ["sh", "-c", f"echo '{APP}' > /tmp/app.py; exec gunicorn --chdir /tmp app:app $0 $@"]
SERVE += ["--bind", "0.0.0.0:8000"]


def test_two_workers_give_the_same_number(plain_image, run, replay):
    """The lowest of twenty responses to concurrent requests occurs twice."""
    container = run(plain_image, *SERVE, env={"WEB_CONCURRENCY": "2"})
    container.wait_for_log("Booting worker", count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
