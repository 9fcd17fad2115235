"""The proofs of docs/troubleshooting/dead-address.md."""

from harness.name_server import naming
from scenarios.nginx import Nginx

ENTRY = "troubleshooting/dead-address"
SERVE = ["gunicorn", "wsgiref.simple_server:demo_app", "--bind", "0.0.0.0:8000"]
LOCATIONS = """
    location / {
        proxy_pass http://web:8000;
    }
    location /hurried/ {
        proxy_pass http://web:8000;
        proxy_connect_timeout 1s;
    }
    location /asked-anew/ {
        resolver 127.0.0.11 valid=1s;
        set $app app;
        proxy_pass http://$app:8000;
    }
"""


def test_nginx_keeps_the_address_until_it_is_reloaded(
    docker, network, build, plain_image, run, replay, tmp_path
):
    """The container behind a name is replaced, but only one location resolves the name again."""
    options = {"networks": [network], "network_aliases": ["web", "app"]}
    old = run(plain_image, *SERVE, **options)
    locations = naming(docker, network.name, LOCATIONS)
    proxy = Nginx(build, run, tmp_path, locations, networks=[network])
    new = run(plain_image, *SERVE, **options)
    old.stop(grace=0)
    codes = [proxy.get(path).status_code for path in ("/hurried/", "/", "/asked-anew/")]
    proxy.container.wait_for_log("No route to host")
    replay(f"{ENTRY}/line.console", proxy=proxy.id)
    address = replay(f"{ENTRY}/confirm.console", web=new.handle.id).strip()
    assert codes == [504, 502, 200]
    assert f'"http://{address}:8000/"' not in proxy.container.logs()
    proxy.reload()
    assert proxy.get("/").status_code == 200


def test_old_address_can_refuse_the_connection(docker, network, build, plain_image, run, tmp_path):
    """Another container has the address that nginx still uses, but nothing listens there."""
    options = {"networks": [network], "network_aliases": ["web", "app"]}
    old = run(plain_image, "sleep", "infinity", ready="", **options)
    address = old.ip_address
    locations = naming(docker, network.name, LOCATIONS)
    proxy = Nginx(build, run, tmp_path, locations, networks=[network])
    run(plain_image, *SERVE, **options)
    refused = proxy.get("/")
    log = proxy.container.wait_for_log("111: Connection refused")
    old.remove()
    proxy.reload()

    assert refused.status_code == 502
    assert f'upstream: "http://{address}:8000/"' in log
    assert proxy.get("/").status_code == 200
