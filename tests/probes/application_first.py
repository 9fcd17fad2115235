"""An asgi.py in the right order: the application is created before a model is imported."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()

from core.models import Note  # noqa: E402

Note.__doc__ = "imported second"
