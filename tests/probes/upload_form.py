"""A form that only staff can use to upload a file; the response is the file's SHA-256."""

import hashlib

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpResponse
from django.template import engines
from django.urls import path

FORM = "<form>{% csrf_token %}<input type=file name=file></form>"


@staff_member_required
def upload(request):
    """Show the form, or read the file that was uploaded with it."""
    if request.method == "POST":
        return HttpResponse(hashlib.sha256(request.FILES["file"].read()).hexdigest())
    return HttpResponse(engines["django"].from_string(FORM).render({}, request))


urlpatterns = [path("upload/", upload)]
