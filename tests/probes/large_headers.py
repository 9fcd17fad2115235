"""An application whose response has a cookie of 10 kB, which is larger than nginx's buffer."""


def application(_environ, start_response):
    """Respond with a large cookie."""
    start_response("200 OK", [("Set-Cookie", f"session={10_000 * 'x'}")])
    return [b"ok"]
