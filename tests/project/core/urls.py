from django.contrib import admin
from django.urls import path, register_converter

from core import views


class SecondsConverter:
    """Accept seconds such as 0.5 in a path, because Django has no converter for fractions."""

    regex = r"\d+(\.\d+)?"
    to_python = float
    to_url = str


register_converter(SecondsConverter, "seconds")

urlpatterns = [
    path("", views.home),
    path("health/", views.health),
    path("sleep/<seconds:seconds>/", views.sleep),
    path("cpu/<int:n>/", views.cpu),
    path("hold-gil/<int:n>/", views.hold_gil),
    path("stream/<int:chunks>/<seconds:seconds>/", views.stream),
    path("echo/", views.echo),
    path("whoami/", views.whoami),
    path("memory/", views.memory),
    path("count/", views.count),
    path("notes/", views.notes),
    path("fail/", views.fail),
    path("exit/<int:code>/", views.leave),
    path("admin/", admin.site.urls),
]
