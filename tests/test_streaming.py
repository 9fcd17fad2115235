"""The proofs of docs/streaming.md."""

import time
from contextlib import ExitStack

import httpx
import pytest

from harness.container import PATIENCE
from harness.texts import edited
from scenarios.proxied import TEXT, with_settings

EVENTS = "streaming/heartbeat.events.py"
FOUR_SECONDS = edited(TEXT, {"proxy_read_timeout 60s;": "proxy_read_timeout 4s;"})
CONNECT, HTTP_1_0 = "proxy_connect_timeout", "proxy_http_version 1.0;"
BY_HTTP_1_0 = edited(TEXT, {"keepalive 0;": "", CONNECT: f"{HTTP_1_0}\n    {CONNECT}"})
TWO_THREADS = {"WEB_CONCURRENCY": "1"}  # the image's own command has two threads
URLS = """
from core.events import server_sent
import time

KINDS = {
    "many": (4, 1, "more"), "silent": (1, 9, None), "alive": (9, 1, None),
    "long": (25, 1, "more"), "endless": (90, 1, None), "mute": (1, 90, None),
}

def events(request, kind):
    times, seconds, event = KINDS[kind]
    def events():
        yield "first"
        for _ in range(times):
            time.sleep(seconds)
            yield event
        yield "last"
    return server_sent(events())

urlpatterns = [path("events/<kind>/", events)]
"""


@pytest.fixture
def streams(proxied_once, tmp_path_factory):
    """Return a function that starts nginx, and Gunicorn with the file of the page."""
    more = with_settings(tmp_path_factory.getbasetemp(), urls=URLS, files=[EVENTS])

    def streams(env=None, **nginx: object):
        options = {**more, "env": more["env"] | (env or {})}
        return proxied_once(nginx=nginx, **options)

    return streams


def test_nginx_passes_lines_on_at_once(streams):
    """Four lines, one each three seconds, from a view that says nothing of buffering."""
    assert spread(streams(), "/stream/4/3/") > 4


def test_http_1_0_holds_a_stream_back(streams):
    """The same four lines come together when nginx asks as it did before 1.29.7."""
    assert spread(streams(text=BY_HTTP_1_0), "/stream/4/3/") < 4


def test_file_lets_events_through(streams):
    """Even there, the last event comes seconds after the first."""
    nginx = streams(text=BY_HTTP_1_0)

    assert spread(nginx, "/events/many/") > 2
    assert nginx.get("/events/many/").headers["Content-Type"] == "text/event-stream"


def test_silent_stream_is_cut(streams):
    """Nine seconds without an event are more than nginx's four; its log says what it waited for."""
    nginx = streams(text=FOUR_SECONDS)

    with pytest.raises(httpx.RemoteProtocolError):
        nginx.get("/events/silent/")
    nginx.nginx.wait_for_log("upstream timed out (110: Connection timed out) while reading")


def test_sign_of_life_keeps_a_stream(streams):
    """Nine seconds without an event, and a None in each of them."""
    assert '"last"' in streams(text=FOUR_SECONDS).get("/events/alive/").text


def test_each_stream_holds_a_thread(streams):
    """Beside one stream, another client is served at once; beside two it waits for an end."""
    proxied = streams(TWO_THREADS)
    nginx, waits = proxied.nginx, []
    for _ in range(2):
        proxied.web.begin(lambda: nginx.start_get("/events/long/"))
        waits.append(nginx.get("/health/").elapsed.total_seconds())

    assert waits[0] < 10 < waits[1]


def test_sign_of_life_tells_of_a_client_that_left(streams):
    """Two clients leave two threads: with signs of life others are served, else they wait."""
    nginx = streams(TWO_THREADS | {"FOR": "those who leave"})  # a container of their own

    leave(nginx, "/events/endless/")
    assert nginx.get("/health/").status_code == 200
    leave(nginx, "/events/mute/")
    with pytest.raises(httpx.ReadTimeout):
        nginx.get("/health/", timeout=5)


def spread(nginx, path):
    """Return the seconds between the first and the last line of an answer."""
    with httpx.stream("GET", nginx.address + path, timeout=PATIENCE) as answer:
        times = [time.monotonic() for line in answer.iter_lines() if line]
    return times[-1] - times[0]


def leave(nginx, path):
    """Begin to read two streams, and leave both."""
    with ExitStack() as clients:
        for _ in range(2):
            url = nginx.address + path
            answer = clients.enter_context(httpx.stream("GET", url, timeout=PATIENCE))
            next(answer.iter_lines())
