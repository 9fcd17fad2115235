"""The proofs of docs/signals.md."""


def test_exec_form_receives_sigterm(build, run):
    """The log says so, and the container is gone long before Docker's ten seconds are."""
    container = run(build("signals/exec-form.Dockerfile"))

    stopped = container.stop()

    assert "Handling signal: term" in container.logs()
    assert stopped.exit_code == 0
    assert stopped.seconds < 8
