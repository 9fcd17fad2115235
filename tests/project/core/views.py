"""Probes: each view shows one thing of how the server under it runs this project."""

import os
import platform
import re
import threading
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from core.models import Note

PlainResponse = partial(HttpResponse, content_type="text/plain")
counter = 0


def home(request):
    """Show that static files are collected and translations compiled."""
    return render(request, "core/home.html")


def health(request):
    """Show that a worker answers, whatever the database does."""
    return PlainResponse("ok")


def sleep(request, seconds):
    """Wait as for a slow database or API: the thread is taken, the processor is not."""
    time.sleep(seconds)
    return PlainResponse("slept")


def cpu(request, n):
    """Compute in pure Python, and answer the seconds it took: threads share the GIL in turns."""
    start = time.perf_counter()
    sum(i * i for i in range(n))
    return PlainResponse(f"{time.perf_counter() - start:.3f}")


def hold_gil(request, n):
    """Compute in C without ever letting go of the GIL: each n more doubles the seconds it takes."""
    start = time.perf_counter()
    re.match("(a+)+$", "a" * n + "b")
    return PlainResponse(f"{time.perf_counter() - start:.3f}")


def stream(request, chunks, seconds):
    """Send a line, wait, send the next: shows whether anything on the way buffers."""
    lines = (time.sleep(seconds) or f"{chunk}\n" for chunk in range(chunks))
    return StreamingHttpResponse(lines, content_type="text/plain")


def echo(request):
    """Answer what Django makes of the request: shows which proxy headers are trusted."""
    seen = {"scheme": request.scheme, "is_secure": request.is_secure(), "host": request.get_host()}
    seen |= {"method": request.method, "path": request.path}
    seen |= {"remote_addr": request.META["REMOTE_ADDR"], "headers": dict(request.headers)}
    return JsonResponse(seen)


def whoami(request):
    """Answer which process and thread this is, of which user, on which versions."""
    thread = threading.current_thread()
    me = {"pid": os.getpid(), "ppid": os.getppid(), "uid": os.getuid(), "gid": os.getgid()}
    me |= {"thread_id": thread.ident, "thread_name": thread.name}
    me |= {key: request.META[key] for key in ("wsgi.multithread", "wsgi.multiprocess")}
    me |= {package: version(package) for package in ("django", "gunicorn")}
    return JsonResponse(me | {"python": platform.python_version()})


def memory(request):
    """Answer the kB of this process: all (RSS), its share (PSS), what it alone has (USS)."""
    rollup = Path("/proc/self/smaps_rollup").read_text()
    kb = {name: int(size) for name, size in re.findall(r"(\w+): +(\d+) kB", rollup)}
    uss = kb["Private_Clean"] + kb["Private_Dirty"]
    return JsonResponse({"rss": kb["Rss"], "pss": kb["Pss"], "uss": uss})


def count(request):
    """Count without a lock: two threads read the same number, and one of the two is lost."""
    global counter
    seen = counter
    time.sleep(0.001)
    counter = seen + 1
    return PlainResponse(seen + 1)


@csrf_exempt  # so that curl can post: a view behind a login must never be exempt
def notes(request):
    """Write a row if posted to, and answer all: shows that the database is there and kept."""
    if request.method == "POST":
        Note.objects.create(text=request.POST.get("text", ""))
    return JsonResponse({"notes": list(Note.objects.values("id", "text", "created"))})


def fail(request):
    """Raise what nothing catches: shows where the traceback goes."""
    raise RuntimeError("probe failed")


def leave(request, code):
    """End the worker in mid-request: shows what replaces it (3 and 4 stop Gunicorn itself)."""
    os._exit(code)
