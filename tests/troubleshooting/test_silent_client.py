"""The proofs of docs/troubleshooting/silent-client.md."""

ENTRY = "troubleshooting/silent-client"
SILENT = "import socket; socket.create_connection(('127.0.0.1', 8000)).recv(1)"


def test_silent_client_is_logged_without_a_path(plain_image, run, replay):
    """The client connects and then sends nothing; no project code runs."""
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--timeout 2"})
    container.exec("python", "-c", SILENT)
    container.wait_for_log("Booting worker", count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert "/app/" not in container.logs()
