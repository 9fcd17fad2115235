"""A reader's own view, which runs the SQL statement that the client sends."""

from django.db import connection
from django.http import HttpResponse
from django.urls import path


def sql(request):
    """Run the statement."""
    with connection.cursor() as cursor:
        cursor.execute(request.GET["run"])
    return HttpResponse("done")


urlpatterns = [path("sql/", sql)]
