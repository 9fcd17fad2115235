"""Let psycopg2 wait for the database without blocking the worker."""

from psycogreen.gevent import patch_psycopg

patch_psycopg()
