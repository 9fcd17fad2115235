"""Open that many connections to the database of the sample project, and say how many are open."""

import os
import sys

import django
import psycopg
from django.db import connection

os.environ["DJANGO_SETTINGS_MODULE"] = "core.settings"
django.setup()
parameters = connection.get_connection_params()
print(len([psycopg.connect(**parameters) for _ in range(int(sys.argv[1]))]))
