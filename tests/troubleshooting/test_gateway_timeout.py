"""The proofs of docs/troubleshooting/gateway-timeout.md."""

from scenarios.nginx import Nginx

ENTRY = "troubleshooting/gateway-timeout"
LOCATIONS = """
    location / {{
        proxy_pass http://{}:8000;
        proxy_set_header Host 127.0.0.1;
        proxy_read_timeout {}s;
    }}
"""


def test_longer_read_timeout_lets_the_view_finish(
    build, plain_image, run, run_once, replay, tmp_path
):
    """The view takes three seconds; nginx waits for one second, then for up to a minute."""
    container = run_once(plain_image)
    address = container.ip_address
    proxy = Nginx(build, run, tmp_path, LOCATIONS.format(address, 1))
    response = proxy.get("/sleep/3/")
    proxy.container.wait_for_log("timed out")
    replay(f"{ENTRY}/line.console", proxy=proxy.id)
    replay(f"{ENTRY}/confirm.console", proxy=proxy.id)
    proxy.change(LOCATIONS.format(address, 60))
    assert response.status_code == 504
    assert proxy.get("/sleep/3/").text == "slept"
