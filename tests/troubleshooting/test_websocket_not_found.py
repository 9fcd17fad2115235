"""The proofs of docs/troubleshooting/websocket-not-found.md."""

ENTRY = "troubleshooting/websocket-not-found"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_wsgi_treats_a_websocket_as_a_request(plain_image, run_once, replay):
    """A client requests a WebSocket, and Django logs a page that does not exist."""
    command = ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000"]
    container = run_once(plain_image, *command)
    response = container.get("/ws/chat/", headers=UPGRADE)
    container.wait_for_log("Not Found: /ws/chat/")

    assert response.status_code == 404
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
