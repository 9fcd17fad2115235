"""Patch in the master, before it loads Django for all workers."""

from gevent import monkey

monkey.patch_all()
preload_app = True
