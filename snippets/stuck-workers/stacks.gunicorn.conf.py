"""Log the stack of every thread if a worker gets SIGUSR2 or no longer reacts."""

import faulthandler
import signal


def post_worker_init(_worker: object) -> None:
    """Add to the signal handlers that Gunicorn has set by now."""
    faulthandler.enable()  # Gunicorn sends SIGABRT to a worker that does not react
    faulthandler.register(signal.SIGUSR2)
