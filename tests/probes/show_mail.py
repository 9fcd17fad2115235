"""Print the server that the project's default mail backend connects to."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "core.settings"

import django
from django.core import mail

django.setup()
backend = mail.mailers["default"] if hasattr(mail, "mailers") else mail.get_connection()
print(type(backend).__name__)
print(backend.host, backend.port, backend.username, backend.password, backend.use_tls)
