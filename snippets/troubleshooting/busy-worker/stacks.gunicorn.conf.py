"""Log the stack of every thread of a worker that gets SIGUSR2."""

import faulthandler
import signal


def post_worker_init(_worker):
    """Register the signal once the worker has loaded the project."""
    faulthandler.register(signal.SIGUSR2)
