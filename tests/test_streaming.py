"""The proofs of docs/streaming.md."""

import time
from contextlib import ExitStack
from functools import partial

import httpx
import pytest

from harness import SNIPPETS
from harness.container import PATIENCE
from harness.texts import edited
from scenarios.proxied import BY_DEFAULT, TEXT, with_settings

EVENTS = "streaming/heartbeat.events.py"
BARE = (SNIPPETS / "slow-clients/buffering.default.conf").read_text()
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


@pytest.fixture(scope="module")
def with_events(tmp_path_factory):
    """Return the options of a Gunicorn with the page's file."""
    return with_settings(tmp_path_factory.mktemp("extra"), urls=URLS, files=[EVENTS])


@pytest.fixture(scope="module")
def site(proxying, with_events):
    """Return nginx and Gunicorn, for the tests that only look at them."""
    with proxying(**with_events) as site:
        yield site


@pytest.fixture
def beside(site, run):
    """Return a function that starts another nginx, with a different file."""
    return partial(site.beside, run)


@pytest.fixture
def two_threads(proxied, with_events):
    """Return nginx and a Gunicorn with two threads, for a single test."""
    return proxied.start(**{**with_events, "env": with_events["env"] | TWO_THREADS})


@pytest.mark.parametrize("conf", [TEXT, BY_DEFAULT, BARE], ids=["page", "kept", "bare"])
def test_nginx_passes_lines_on_at_once(beside, conf):
    """A view that does not mention buffering sends four lines, one every three seconds.

    The files are the page's, one with persistent connections, and one with a bare `proxy_pass`.
    """
    assert spread(beside(conf), "/stream/4/3/") > 4


def test_http_1_0_holds_a_stream_back(beside):
    """The same four lines arrive together if nginx uses HTTP/1.0, as it did before 1.29.7."""
    assert spread(beside(BY_HTTP_1_0), "/stream/4/3/") < 4


def test_file_lets_events_through(beside):
    """Even over HTTP/1.0, the last event arrives seconds after the first one."""
    nginx = beside(BY_HTTP_1_0)

    assert spread(nginx, "/events/many/") > 2
    assert nginx.get("/events/many/").headers["Content-Type"] == "text/event-stream"


def test_silent_stream_is_cut(beside):
    """Nine seconds without an event exceed nginx's four; its log says what it waited for."""
    nginx = beside(FOUR_SECONDS)

    with pytest.raises(httpx.RemoteProtocolError):
        nginx.get("/events/silent/")
    nginx.wait_for_log("upstream timed out (110: Connection timed out) while reading")


def test_sign_of_life_keeps_a_stream(beside):
    """Nine seconds pass without an event, but with a None every second."""
    assert '"last"' in beside(FOUR_SECONDS).get("/events/alive/").text


def test_each_stream_holds_a_thread(two_threads):
    """With one stream, another client is served immediately; with two, it waits for one to end."""
    nginx, waits = two_threads.nginx, []
    for _ in range(2):
        two_threads.web.begin(lambda: nginx.start_get("/events/long/"))
        waits.append(nginx.get("/health/").elapsed.total_seconds())

    assert waits[0] < 10 < waits[1]


def test_sign_of_life_tells_of_a_client_that_left(two_threads):
    """After two clients leave, others are served if the streams write, but wait if they do not."""
    nginx = two_threads.nginx

    leave(nginx, "/events/endless/")
    assert nginx.get("/health/").status_code == 200
    leave(nginx, "/events/mute/")
    with pytest.raises(httpx.ReadTimeout):
        nginx.get("/health/", timeout=5)


def spread(nginx, path):
    """Return the seconds between a response's first and last line."""
    with httpx.stream("GET", nginx.address + path, timeout=PATIENCE) as answer:
        times = [time.monotonic() for line in answer.iter_lines() if line]
    return times[-1] - times[0]


def leave(nginx, path):
    """Begin to read two streams, and disconnect from both."""
    with ExitStack() as clients:
        for _ in range(2):
            url = nginx.address + path
            answer = clients.enter_context(httpx.stream("GET", url, timeout=PATIENCE))
            next(answer.iter_lines())
