"""Load Django once, and let the workers share its memory."""

import gc

preload_app = True


def when_ready(_server: object) -> None:
    """Exclude what is loaded from garbage collection before the first worker starts."""
    gc.collect()
    gc.freeze()
