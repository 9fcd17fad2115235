"""Open this many connections to the sample project's database, print the number, and keep them.

The arguments are the number and, to keep them open, the seconds.
"""

import os
import sys
import time

import django
import psycopg
from django.db import connection

os.environ["DJANGO_SETTINGS_MODULE"] = "core.settings"
django.setup()
parameters = connection.get_connection_params()
connections = [psycopg.connect(**parameters) for _ in range(int(sys.argv[1]))]
print(len(connections), flush=True)
time.sleep(sum(map(float, sys.argv[2:])))
