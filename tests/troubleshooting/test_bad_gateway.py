"""The proofs of docs/troubleshooting/bad-gateway.md."""

from scenarios.nginx import Nginx

ENTRY = "troubleshooting/bad-gateway"
DIES = """
import os
def application(environ, start_response):
    os.kill(os.getpid(), 9)
"""
BINDS = "--bind 127.0.0.1:8000 --bind 0.0.0.0:8001"
SERVE = f"exec gunicorn dies --pythonpath /tmp --no-control-socket {BINDS}"
LOCATIONS = """
    location / {{
        proxy_pass http://{0}:8000;
    }}
    location /dies/ {{
        proxy_pass http://{0}:8001;
    }}
"""


def test_nginx_tells_apart_its_502(build, plain_image, run, replay, tmp_path):
    """At one port Gunicorn listens on 127.0.0.1, at the other its worker is killed."""
    container = run(plain_image, "sh", "-c", f"echo '{DIES}' > /tmp/dies.py; {SERVE}")
    address = container.ip_address
    proxy = Nginx(build, run, tmp_path, LOCATIONS.format(address))
    codes = [proxy.get(path).status_code for path in ("/", "/dies/")]
    container.wait_for_log("SIGKILL")
    proxy.container.wait_for_log("prematurely")

    replay(f"{ENTRY}/line.console", proxy=proxy.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert codes == [502, 502]
