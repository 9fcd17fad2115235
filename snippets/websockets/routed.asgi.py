"""Route HTTP to Django's views, and WebSockets to the consumers."""

import os
from importlib import import_module

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
views = get_asgi_application()
consumers = import_module("core.consumers")  # now that Django has loaded the models

routes = URLRouter([path("ws/", consumers.Chat.as_asgi())])
application = ProtocolTypeRouter(
    {
        "http": views,
        "websocket": AllowedHostsOriginValidator(routes),
    }
)
