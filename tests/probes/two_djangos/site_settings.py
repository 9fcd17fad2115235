"""The settings of a site that two versions of Django serve, and its only view."""

import os

from django.http import HttpResponse
from django.urls import path

SECRET_KEY = "the same in both versions"  # noqa: S105 - of a test
ALLOWED_HOSTS = ["testserver"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/tmp/db.sqlite3"}}
INSTALLED_APPS = [f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions")]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = __name__
if "FALLBACK" in os.environ:
    SIGNED_COOKIE_LEGACY_SALT_FALLBACK = True


def index(request):
    """Set a signed cookie; show the content of the client's signed cookie, and the user."""
    cart = request.get_signed_cookie("cart", default="refused")
    response = HttpResponse(f"{cart} {request.user.get_username()}")
    response.set_signed_cookie("cart", "full")
    return response


urlpatterns = [path("", index)]
