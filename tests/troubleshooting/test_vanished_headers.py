"""The proofs of docs/troubleshooting/vanished-headers.md."""

ENTRY = "troubleshooting/vanished-headers"


def test_header_with_an_underscore_vanishes(plain_image, run_once, replay):
    """Of two headers that are sent, Django has the one with dashes, and the log has nothing."""
    container = run_once(plain_image)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert "token" not in container.logs().lower()
