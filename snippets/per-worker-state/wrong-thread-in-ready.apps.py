"""A thread that starts with the app, once in each process that loads Django."""

import logging
import threading
import time

from django.apps import AppConfig

logger = logging.getLogger(__name__)


def clean_up() -> None:
    """Clean up once a minute."""
    while True:
        logger.info("cleaning up")
        time.sleep(60)


class CoreConfig(AppConfig):
    """The app with a scheduler of its own."""

    name = "core"

    def ready(self) -> None:
        """Start the scheduler."""
        threading.Thread(target=clean_up, name="clean-up", daemon=True).start()
