#!/bin/sh
set -eu
docker exec web gunicorn core.wsgi --check-config
docker exec web python manage.py check
docker kill --signal HUP web
