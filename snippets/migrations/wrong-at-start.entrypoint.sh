#!/bin/sh
set -eu
python manage.py migrate
exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket
