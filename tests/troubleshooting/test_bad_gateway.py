"""The proofs of docs/troubleshooting/bad-gateway.md."""

from scenarios.nginx import CONF, FILES, IMAGE, Nginx

ENTRY = "troubleshooting/bad-gateway"
DIES = """
import os
def application(environ, start_response):
    os.kill(os.getpid(), 9)
"""
BINDS = "--bind 127.0.0.1:8000 --bind 0.0.0.0:8001"
SERVE = f"exec gunicorn dies --pythonpath /tmp --no-control-socket {BINDS}"
SOCKET = """
    location / {
        proxy_pass http://unix:/tmp/nosuch.sock;
    }
"""
NAME = "server {\n    location / {\n        proxy_pass http://web:8000;\n    }\n}\n"
LOCATIONS = """
    location / {{
        proxy_pass http://{0}:8000;
    }}
    location /dies/ {{
        proxy_pass http://{0}:8001;
    }}
"""


def test_nginx_tells_apart_its_502(build, plain_image, run, replay, tmp_path):
    """On one port Gunicorn listens on 127.0.0.1 only, on the other its worker is killed."""
    container = run(plain_image, "sh", "-c", f"echo '{DIES}' > /tmp/dies.py; {SERVE}")
    address = container.ip_address
    proxy = Nginx(build, run, tmp_path, LOCATIONS.format(address))
    codes = [proxy.get(path).status_code for path in ("/", "/dies/")]
    container.wait_for_log("SIGKILL")
    proxy.container.wait_for_log("prematurely")

    replay(f"{ENTRY}/line.console", proxy=proxy.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert codes == [502, 502]


def test_missing_socket_has_a_line_of_its_own(build, run, tmp_path):
    """The socket that nginx should connect to does not exist."""
    proxy = Nginx(build, run, tmp_path, SOCKET)

    assert proxy.get().status_code == 502
    line = "connect() to unix:/tmp/nosuch.sock failed (2: No such file or directory)"
    proxy.container.wait_for_log(line)


def test_nginx_needs_the_name_at_its_start(network, build, run, tmp_path):
    """No container on the network has the name, so nginx exits."""
    (tmp_path / "default.conf").write_text(NAME)
    options = {"networks": [network], "volumes": [(tmp_path / "default.conf", CONF, "ro")]}
    proxy = run(build(IMAGE, files=FILES), ready='host not found in upstream "web"', **options)

    assert proxy.exit_code == 1
