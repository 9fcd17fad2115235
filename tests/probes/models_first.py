"""An asgi.py in the wrong order: a model is imported before the application is created."""

from core.models import Note
from django.core.asgi import get_asgi_application

application = get_asgi_application()
Note.__doc__ = "imported first"
