"""The proofs of docs/troubleshooting/invalid-request.md."""

import socket

import pytest

ENTRY = "troubleshooting/invalid-request"
SERVE = ["gunicorn", "wsgiref.simple_server:demo_app", "--bind", "0.0.0.0:8000"]
HOST_TWICE_THEN_PROXY_PROTOCOL = """
import socket
host = "Host: web\\r\\n"
get = f"GET / HTTP/1.1\\r\\n{host}"
for line in f"{get}{host}", f"PROXY TCP4 a b c d\\r\\n{get}":
    client = socket.create_connection(("127.0.0.1", 8000))
    client.sendall(f"{line}X-Forwarded-For: 203.0.113.9\\r\\n\\r\\n".encode())
    assert b" 400 " in client.recv(1000)
"""


def test_invalid_request_shows_who_connected(plain_image, run, replay):
    """The address is the connection's, regardless of what a trusted proxy sends."""
    container = run(plain_image, *SERVE, env={"FORWARDED_ALLOW_IPS": "*"})
    container.exec("python", "-c", HOST_TWICE_THEN_PROXY_PROTOCOL)
    container.wait_for_log("Invalid request", count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    counted = replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert counted.split() == ["2", "Invalid", "request", "from", "ip=127.0.0.1:"]


def test_tls_to_the_plain_port_is_logged_as_bytes(plain_image, run):
    """Two TLS handshakes arrive whose random bytes contain a line break."""
    container = run(plain_image, *SERVE)

    for line_end in b"\r\n", b"\n":
        with socket.create_connection(("127.0.0.1", int(container.ports[0]))) as client:
            client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + line_end * 2)
            assert b" 400 " in client.recv(1000)

    container.wait_for_log(r"Invalid HTTP request line: '\x16\x03\x01")
    container.wait_for_log("Invalid HTTP request line: 'bare LF as line terminator'")


@pytest.mark.docker_only("the gateway of the engine's own network")
def test_gateway_stands_for_the_host(plain_image, run):
    """A program on the host sends something other than HTTP to the published port."""
    container = run(plain_image, *SERVE)
    gateway = next(iter(container.handle.network_settings.networks.values())).gateway

    with socket.create_connection(("127.0.0.1", int(container.ports[0]))) as client:
        client.sendall(b"PROXY TCP4 a b c d\r\n\r\n")
        assert b" 400 " in client.recv(1000)

    container.wait_for_log(f"Invalid request from ip={gateway}:")
