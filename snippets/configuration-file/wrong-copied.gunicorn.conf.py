"""Do not copy: most of these lines restate a default, and some do harm."""

import multiprocessing

from gunicorn import instrument

bind = "0.0.0.0:8000"
backlog = 2048
workers = multiprocessing.cpu_count() * 2 + 1
worker_class = "sync"
worker_connections = 1000
timeout = 30
keepalive = 2
proc_name = "shop"
accesslog = "-"
errorlog = "-"
loglevel = "info"
access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 8190
statsd_host = "localhost:8125"
statsd_prefix = "shop"


def on_starting(server):
    print("Gunicorn starts")


def on_exit(server):
    print("Gunicorn ends")


def worker_abort(worker):
    print(f"Worker {worker.pid} is aborted")
