"""The proofs of docs/troubleshooting/bad-gateway.md."""

from scenarios.nginx import CONF, FILES, IMAGE, STARTED, Nginx

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
BUSY = """
server {
    listen 8080;
    location / {
        proxy_pass http://unix:/run/gunicorn/web.sock;
        proxy_set_header Host 127.0.0.1;
    }
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
    """On one port Gunicorn listens only on 127.0.0.1; on the other its worker is killed."""
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
    """The socket that nginx connects to does not exist."""
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


def test_full_queue_of_a_socket_has_a_line_of_its_own(build, plain_image, run, tmp_path):
    """One sync worker is busy, and one client can wait, but nginx has ten more."""
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(0o777)
    shared = (folder, "/run/gunicorn")
    (tmp_path / "default.conf").write_text(BUSY)
    command = ["gunicorn", "core.wsgi", "--bind", "unix:/run/gunicorn/web.sock", "--backlog", "1"]
    run(plain_image, *command, volumes=[shared]).wait_for_log("Booting worker")
    conf = (tmp_path / "default.conf", CONF, "ro")
    proxy = run(build(IMAGE, files=FILES), ready=STARTED, volumes=[conf, shared])

    responses = [proxy.start_get("/sleep/2/") for _ in range(12)]

    codes = {response.result().status_code for response in responses}
    assert codes == {200, 502}
    path = "unix:/run/gunicorn/web.sock"
    proxy.wait_for_log(f"connect() to {path} failed (11: Resource temporarily unavailable)")
