"""The proofs of docs/troubleshooting/not-reachable.md."""

import httpx
import pytest

ENTRY = "troubleshooting/not-reachable"


def test_bind_to_loopback_cuts_off_who_asks_outside(plain_image, run_once, replay):
    """The log looks healthy, and Gunicorn responds inside the container."""
    container = run_once(plain_image, "gunicorn", "core.wsgi")

    with pytest.raises(httpx.TransportError):
        container.get("/health/")
    assert "http://127.0.0.1:8000" in replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
