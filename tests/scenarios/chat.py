"""Connections to the WebSocket chat of the probes."""

from websockets.sync.client import connect

from harness.container import PATIENCE

OURS = "http://127.0.0.1"


def url(container, port=None):
    """Return the chat's URL, on the container's first port or another one."""
    return f"ws://127.0.0.1:{port or container.ports[0]}/ws/"


def socket_to(container, port=None, origin=OURS):
    """Return a connection to the chat, for a `with` block."""
    return connect(url(container, port), origin=origin)


def say(socket, text):
    """Send a text, and return what this client then receives."""
    socket.send(text)
    return socket.recv(PATIENCE)
