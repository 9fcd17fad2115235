"""The proofs of docs/troubleshooting/lost-requests.md."""

import httpx
import pytest

ENTRY = "troubleshooting/lost-requests"


def test_log_of_a_cut_stop_ends_with_the_signal(plain_image, run, replay):
    """A request is in progress when the grace period ends, and its client gets no response."""
    container = run(plain_image)
    response = container.start_sleep(30)

    container.stop(grace=1)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    with pytest.raises(httpx.TransportError):
        response.result()
