"""Log where each thread of a worker is when it gets SIGUSR2."""

import faulthandler
import signal


def post_worker_init(_worker):
    """Begin once the worker has loaded the project."""
    faulthandler.register(signal.SIGUSR2)
