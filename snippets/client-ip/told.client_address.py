"""Replace the proxy's address with the client's, as the proxy sends it."""


def client_address(get_response):
    """Go first in MIDDLEWARE. Only the proxy may reach Gunicorn's port."""

    def middleware(request):
        if sent := request.headers.get("X-Forwarded-For"):
            request.META["REMOTE_ADDR"] = sent.rpartition(",")[2].strip()
        return get_response(request)

    return middleware
