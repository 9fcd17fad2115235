"""The settings with the whole site cached, and the cache's address in the environment."""

import os

from core import settings
from core.settings import *  # noqa: F403

URL = os.environ["CACHE_URL"]
BACKEND = "redis.RedisCache" if URL else "locmem.LocMemCache"
CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{BACKEND}", "LOCATION": URL}}
CACHED = "django.middleware.cache"
FIRST, LAST = f"{CACHED}.UpdateCacheMiddleware", f"{CACHED}.FetchFromCacheMiddleware"
MIDDLEWARE = [FIRST, *settings.MIDDLEWARE, LAST]
