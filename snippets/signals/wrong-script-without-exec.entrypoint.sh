#!/bin/sh
set -eu
echo "starting version ${VERSION:-unknown}"
gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket
