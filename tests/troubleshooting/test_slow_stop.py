"""The proofs of docs/troubleshooting/slow-stop.md."""

ENTRY = "troubleshooting/slow-stop"
SHELL = ["/bin/sh", "-c", "gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"]


def test_signal_to_the_child_stops_in_good_order(plain_image, run, replay):
    """A request in progress completes; after a restart, a plain stop ends in SIGKILL."""
    container = run(plain_image, *SHELL, stop_timeout=3)
    response = container.start_sleep(10)
    replay(f"{ENTRY}/stop.console", web=container.handle.id)

    assert container.exit_code == 0
    assert response.result().text == "slept"
    container.handle.start()
    container.wait_for_log("Booting worker", count=2)
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
