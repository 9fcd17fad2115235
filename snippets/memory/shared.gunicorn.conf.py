"""Load Django once, and let the workers share its memory."""

import gc

preload_app = True


def when_ready(_server: object) -> None:
    """Keep garbage collections off what is loaded, before the first worker starts."""
    gc.collect()
    gc.freeze()
