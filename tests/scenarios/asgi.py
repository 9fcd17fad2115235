"""What the tests of ASGI servers add to the sample project: the servers, and a few probes."""

import re
import time
from contextlib import suppress

import httpx

import harness
from harness import PROJECT, SNIPPETS
from harness.container import PATIENCE, wait_until

IMAGE = "asgi/asgi.Dockerfile"
BIND = ["--bind", "0.0.0.0:8000"]
GUNICORN = ["gunicorn", "core.asgi", *BIND, "--no-control-socket"]
ON_ASGI = [*GUNICORN, "--worker-class", "asgi"]
ON_UVICORN_WORKER = [*GUNICORN, "--worker-class", "uvicorn_worker.UvicornWorker"]
UVICORN = ["uvicorn", "core.asgi:application", "--host", BIND[1].partition(":")[0]]
LISTENING, COMPLETE = "ASGI server listening", "Application startup complete"
REQUIREMENTS = """
anyio==4.16.0
attrs==26.1.0
autobahn==26.10.2
automat==25.4.16
cbor2==6.2.1
cffi==2.1.1
channels==4.3.2
click==8.5.1
constantly==23.10.4
cryptography==50.0.2
daphne==4.2.3
granian==2.8.7
h11==0.16.0
h2==4.4.1
hpack==4.2.0
hypercorn==0.18.0
hyperframe==6.1.0
hyperlink==21.0.0
idna==3.20
incremental==24.11.0
msgpack==1.2.4
packaging==26.3
priority==2.0.0
pycparser==3.12
pyopenssl==26.4.0
service-identity==26.1.0
twisted==26.10.0
txaio==26.6.1
ujson==6.1.0
uvicorn==0.54.0
uvicorn-worker==0.4.0
websockets==17.4
wsproto==1.3.2
zope-interface==8.7
"""
SETTINGS = """
from core.settings import *
ROOT_URLCONF = "probes.urls"
"""
URLS = """
import asyncio, time
from core.views import echo
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import include, path
async def sleep(request):
    await asyncio.sleep(float(request.GET["seconds"]))
    return HttpResponse("slept")
async def block(request):
    time.sleep(float(request.GET["seconds"]))
    return HttpResponse("blocked")
async def lines(count, seconds):
    for line in range(count):
        yield f"{line}\\n"
        await asyncio.sleep(seconds)
async def stream(request):
    return StreamingHttpResponse(lines(int(request.GET["lines"]), float(request.GET["seconds"])))
urlpatterns = [
    path("async/sleep/", sleep),
    path("async/block/", block),
    path("async/stream/", stream),
    path("ws/echo/", echo),
    path("", include("core.urls")),
]
"""
RECORDED = """
from django.core.asgi import get_asgi_application
django = get_asgi_application()
async def application(scope, receive, send):
    try:
        await django(scope, receive, send)
    except ValueError as error:
        print(f"recorded: {error}", flush=True)
        raise
"""
WITHOUT_LIFESPAN = """
from uvicorn_worker import UvicornWorker
class Worker(UvicornWorker):
    CONFIG_KWARGS = {"lifespan": "off"}
"""
PROBES = {
    "requirements.txt": (PROJECT / "requirements.txt").read_text() + REQUIREMENTS,
    "core/asgi.py": (SNIPPETS / "websockets/routed.asgi.py").read_text(),
    "core/consumers.py": (SNIPPETS / "websockets/chat.consumers.py").read_text(),
    "probes/settings.py": SETTINGS + (SNIPPETS / "websockets/one-worker.settings.py").read_text(),
    "probes/urls.py": URLS,
    "probes/recorded.py": RECORDED,
    "probes/without_lifespan.py": WITHOUT_LIFESPAN,
}
PROBED = {"DJANGO_SETTINGS_MODULE": "probes.settings"}
THREADS = "cat /proc/[0-9]*/status | grep Threads"


def threads(container):
    """Return the number of threads of all processes in the container."""
    return sum(map(int, re.findall(r"\d+", container.exec("sh", "-c", THREADS))))


KILL_A_WORKER = (harness.PROBES / "kill_a_worker.py").read_text()


def seconds_of_lines(path, container):
    """Return how many seconds after the request the first line arrives, and the last."""
    start = time.monotonic()
    with httpx.stream("GET", container.address + path, timeout=PATIENCE) as response:
        times = [time.monotonic() - start for _ in response.iter_lines()]
    return times[0], times[-1]


def begun(container, *paths):
    """Send slow requests, and return once they are certainly in progress."""
    assert wait_until(lambda: is_up(container)), container.logs()
    answers = [container.start_get(path) for path in paths]
    time.sleep(1)
    assert not any(answer.done() for answer in answers), container.logs()
    return answers


def is_up(container):
    """Whether it responds: Uvicorn's worker logs its start before it listens."""
    with suppress(httpx.TransportError):
        return container.get("/health/").is_success
