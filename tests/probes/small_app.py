"""A WSGI application without slow imports, as core/wsgi.py instead of Django's.

For tests of Gunicorn itself, a worker with it starts in a fifth of the time. It responds to
a few of the sample project's paths in the same way.
"""

import json
import os
import time


def health(_environ):
    """Show that a worker responds."""
    return [b"ok"]


def sleep(_environ, seconds):
    """Wait as for a slow database: this uses the thread, but not the CPU."""
    time.sleep(float(seconds))
    return [b"slept"]


def cpu(_environ, n):
    """Compute in pure Python, and respond with the seconds that it took."""
    start = time.perf_counter()
    sum(i * i for i in range(int(n)))
    return [b"%.3f" % (time.perf_counter() - start)]


def stream(_environ, chunks, seconds):
    """Send a line, wait, send the next."""
    return (time.sleep(float(seconds)) or b"%d\n" % chunk for chunk in range(int(chunks)))


def whoami(environ):
    """Respond with the process and its user."""
    me = {"pid": os.getpid(), "ppid": os.getppid(), "uid": os.getuid(), "gid": os.getgid()}
    me |= {key: environ[key] for key in ("wsgi.multithread", "wsgi.multiprocess")}
    return [json.dumps(me).encode()]


def leave(_environ, code):
    """Exit the worker with this exit code."""
    os._exit(int(code))


def fail(_environ):
    """Raise an unexpected exception."""
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
    """Respond to /name/argument/… with the view of that name, or with 404 if there is none."""
    name, *arguments = environ["PATH_INFO"].strip("/").split("/")
    view = VIEWS.get(name)
    status, body = ("200 OK", view(environ, *arguments)) if view else ("404 Not Found", [b""])
    start_response(status, [("Content-Type", "text/plain")])
    return body
