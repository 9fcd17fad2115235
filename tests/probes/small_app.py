"""A WSGI application that imports nothing slow, in the place of Django's: core/wsgi.py.

For tests whose subject is Gunicorn, a worker with it starts in a fifth of the time. It answers
a few of the sample project's paths as that does.
"""

import json
import os
import time


def health(_environ):
    """Show that a worker answers."""
    return [b"ok"]


def sleep(_environ, seconds):
    """Wait as for a slow database: the thread is taken, the processor is not."""
    time.sleep(float(seconds))
    return [b"slept"]


def cpu(_environ, n):
    """Compute in pure Python, and answer the seconds it took."""
    start = time.perf_counter()
    sum(i * i for i in range(int(n)))
    return [b"%.3f" % (time.perf_counter() - start)]


def stream(_environ, chunks, seconds):
    """Send a line, wait, send the next."""
    return (time.sleep(float(seconds)) or b"%d\n" % chunk for chunk in range(int(chunks)))


def whoami(environ):
    """Answer which process this is, and of which user."""
    me = {"pid": os.getpid(), "ppid": os.getppid(), "uid": os.getuid(), "gid": os.getgid()}
    me |= {key: environ[key] for key in ("wsgi.multithread", "wsgi.multiprocess")}
    return [json.dumps(me).encode()]


def leave(_environ, code):
    """End the worker with this exit code."""
    os._exit(int(code))


def fail(_environ):
    """Raise an unexpected error."""
    message = "this view always fails"
    raise RuntimeError(message)


VIEWS = {
    "": health,
    "health": health,
    "sleep": sleep,
    "cpu": cpu,
    "stream": stream,
    "whoami": whoami,
    "exit": leave,
    "fail": fail,
}


def application(environ, start_response):
    """Answer /name/argument/… by the view of that name, and 404 if there is none."""
    name, *arguments = environ["PATH_INFO"].strip("/").split("/")
    view = VIEWS.get(name)
    status, body = ("200 OK", view(environ, *arguments)) if view else ("404 Not Found", [b""])
    start_response(status, [("Content-Type", "text/plain")])
    return body
