"""The sample project's settings with a cache in Redis, whose address is in the environment."""

import os

from core.settings import *  # noqa: F403

URL = os.environ["CACHE_URL"]
BACKEND = "redis.RedisCache" if URL else "locmem.LocMemCache"
CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{BACKEND}", "LOCATION": URL}}
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
