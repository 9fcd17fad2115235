#!/bin/sh
set -e
uv init --bare --name web --python 3.14
# the packages that your code uses, without those that they need
uv add --no-sync --constraints requirements.txt \
    django gunicorn dj-database-url "psycopg[binary]"
