"""The client's address, as the proxy tells it, in the place of the proxy's own."""


def client_address(get_response):
    """Go first in MIDDLEWARE; let nobody but the proxy reach Gunicorn's port."""

    def middleware(request):
        if told := request.headers.get("X-Forwarded-For"):
            request.META["REMOTE_ADDR"] = told.rpartition(",")[2].strip()
        return get_response(request)

    return middleware
