"""Probes: each view shows one aspect of how the server runs this project."""

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
    """Show that a worker responds, whatever the state of the database."""
    return PlainResponse("ok")


def sleep(request, seconds):
    """Wait as for a slow database or API: this uses the thread, but not the CPU."""
    time.sleep(seconds)
    return PlainResponse("slept")


def cpu(request, n):
    """Compute in pure Python, and return the seconds it took: threads take turns at the GIL."""
    start = time.perf_counter()
    sum(i * i for i in range(n))
    return PlainResponse(f"{time.perf_counter() - start:.3f}")


def hold_gil(request, n):
    """Compute in C without releasing the GIL: each increment of n doubles the seconds."""
    start = time.perf_counter()
    re.match("(a+)+$", "a" * n + "b")
    return PlainResponse(f"{time.perf_counter() - start:.3f}")


def stream(request, chunks, seconds):
    """Send a line, wait, send the next: shows whether anything in between buffers."""
    lines = (time.sleep(seconds) or f"{chunk}\n" for chunk in range(chunks))
    return StreamingHttpResponse(lines, content_type="text/plain")


def echo(request):
    """Return the request as Django sees it: shows which proxy headers are trusted."""
    seen = {"scheme": request.scheme, "is_secure": request.is_secure(), "host": request.get_host()}
    seen |= {"method": request.method, "path": request.path}
    seen |= {"remote_addr": request.META["REMOTE_ADDR"], "headers": dict(request.headers)}
    return JsonResponse(seen)


def whoami(request):
    """Return the process, its thread, its user and the versions."""
    thread = threading.current_thread()
    me = {"pid": os.getpid(), "ppid": os.getppid(), "uid": os.getuid(), "gid": os.getgid()}
    me |= {"thread_id": thread.ident, "thread_name": thread.name}
    me |= {key: request.META[key] for key in ("wsgi.multithread", "wsgi.multiprocess")}
    me |= {package: version(package) for package in ("django", "gunicorn")}
    return JsonResponse(me | {"python": platform.python_version()})


def memory(request):
    """Return the kB of this process: all (RSS), its share (PSS), and what only it uses (USS)."""
    rollup = Path("/proc/self/smaps_rollup").read_text()
    kb = {name: int(size) for name, size in re.findall(r"(\w+): +(\d+) kB", rollup)}
    uss = kb["Private_Clean"] + kb["Private_Dirty"]
    return JsonResponse({"rss": kb["Rss"], "pss": kb["Pss"], "uss": uss})


def count(request):
    """Count without a lock: if two threads read the same number, one of the two counts is lost."""
    global counter
    seen = counter
    time.sleep(0.001)
    counter = seen + 1
    return PlainResponse(seen + 1)


@csrf_exempt  # so that curl can post; never exempt a view that requires a login
def notes(request):
    """Write a row on POST, and return all rows: shows that the database exists and persists."""
    if request.method == "POST":
        Note.objects.create(text=request.POST.get("text", ""))
    return JsonResponse({"notes": list(Note.objects.values("id", "text", "created"))})


def fail(request):
    """Raise an exception that nothing catches: shows where the traceback goes."""
    raise RuntimeError("probe failed")


def leave(request, code):
    """Exit the worker during a request: shows what replaces it (3 and 4 stop Gunicorn itself)."""
    os._exit(code)
