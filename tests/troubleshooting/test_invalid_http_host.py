"""The proofs of docs/troubleshooting/invalid-http-host.md."""

ENTRY = "troubleshooting/invalid-http-host"
HOSTS = ["localhost", "10.0.0.1:8000", "shop.example"]


def test_unknown_host_is_refused(plain_image, run_once, replay):
    """Django returns 400 for a name that is not in ALLOWED_HOSTS, and logs the name."""
    container = run_once(plain_image)
    codes = [container.get("/echo/", headers={"Host": host}).status_code for host in HOSTS]
    container.wait_for_log(f"add '{HOSTS[-1]}' to ALLOWED_HOSTS")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    assert HOSTS[-1] not in replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert codes == [400, 400, 400]


def test_underscore_in_a_host_is_refused_whatever_is_allowed(plain_image, run):
    """With every name allowed, an underscore still fails, but a hyphen passes."""
    container = run(plain_image, env={"ALLOWED_HOSTS": "*"})
    hosts = ["my_app:8000", "web_1", "my-app:8000"]
    codes = [container.get("/echo/", headers={"Host": host}).status_code for host in hosts]

    assert codes == [400, 400, 200]
    line = "'web_1'. The domain name provided is not valid according to RFC 1034/1035."
    container.wait_for_log(f"Invalid HTTP_HOST header: {line}")
