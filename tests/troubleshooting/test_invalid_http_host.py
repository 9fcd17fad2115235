"""The proofs of docs/troubleshooting/invalid-http-host.md."""

ENTRY = "troubleshooting/invalid-http-host"
HOSTS = ["localhost", "10.0.0.1:8000", "shop.example"]


def test_unknown_host_is_refused(plain_image, run_once, replay):
    """Django answers 400 to a name that is not in ALLOWED_HOSTS, and says so in its log."""
    container = run_once(plain_image)
    codes = [container.get("/echo/", headers={"Host": host}).status_code for host in HOSTS]
    container.wait_for_log(f"add '{HOSTS[-1]}' to ALLOWED_HOSTS")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    assert HOSTS[-1] not in replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert codes == [400, 400, 400]
