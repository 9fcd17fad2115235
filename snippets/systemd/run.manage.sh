#!/bin/sh
# Run manage.py as the service runs: same user, same directory, same environment.
exec systemd-run --quiet --pty --pipe --wait --collect \
    --property=DynamicUser=yes --property=User=shop \
    --property=StateDirectory=shop --property=EnvironmentFile=/etc/shop.env \
    --working-directory=/srv/shop /srv/shop/.venv/bin/python manage.py "$@"
