"""Keep serving for seconds after SIGTERM, until no proxy sends requests here."""

import os
import signal
from threading import Timer

DRAIN_SECONDS = 5


def when_ready(_server):
    """Delay the first SIGTERM; a second one stops immediately."""
    stop = signal.getsignal(signal.SIGTERM)

    def drain(*_):
        signal.signal(signal.SIGTERM, stop)
        again = Timer(DRAIN_SECONDS, os.kill, (os.getpid(), signal.SIGTERM))
        again.daemon = True
        again.start()

    signal.signal(signal.SIGTERM, drain)
