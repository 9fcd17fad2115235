"""A complete web application; Django's has the same two arguments."""


def application(environ, start_response):
    """Respond to a request with its method and its path."""
    asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}\n"
    body = asked.encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
    ]
    start_response("200 OK", headers)
    return [body]
