"""The headers that a client forges, for every proxy in the guide; no proxy lets them through.

Where a header has two values, one of them contradicts the proxy over HTTP, the other over HTTPS.
"""

from collections.abc import Callable, Iterable

from httpx import Response

ADDRESS = "203.0.113.9"  # the client's forged address
CLAIMS = {
    "Forwarded": (f"for={ADDRESS};proto=http", f"for={ADDRESS};host=forged.example;proto=https"),
    "X-Forwarded-For": (ADDRESS,),
    "X-Forwarded-Host": ("forged.example",),
    "X-Forwarded-Port": ("1",),
    "X-Forwarded-Proto": ("http", "https"),
    "X-Forwarded-Protocol": ("http", "ssl"),
    "X-Forwarded-Ssl": ("off", "on"),
    "X-Real-IP": (ADDRESS,),
}
VARIABLES = {
    "PATH_INFO": "/forged/",
    "REMOTE_ADDR": ADDRESS,
    "REMOTE_USER": "admin",
    "SCRIPT_NAME": "/echo",
}
WITH_DASHES = [(name, value) for name, values in CLAIMS.items() for value in values]
WITH_UNDERSCORES = [
    *((n.replace("-", "_"), value) for n, value in WITH_DASHES if "-" in n),
    *((n.replace("-", "_", 1), value) for n, value in WITH_DASHES if n.count("-") > 1),
    *VARIABLES.items(),
]
ALL = [*WITH_DASHES, *WITH_UNDERSCORES]


def that_reach_django(
    ask: Callable[[dict[str, str]], Response], forged: Iterable[tuple[str, str]] = ALL
) -> list[dict[str, str]]:
    """Return the headers that change the response, each sent by itself, and then all together.

    `ask` requests /echo/ with headers; the response shows how Django sees the request.
    """
    plain = _shown(ask({}))
    assert plain[0] == 200, plain
    requests = [*({name: value} for name, value in forged), dict(forged)]
    return [headers for headers in requests if _shown(ask(headers)) != plain]


def _shown(response: Response) -> tuple[int, str]:
    return response.status_code, response.text
