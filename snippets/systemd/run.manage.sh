#!/bin/sh
# Run manage.py as the service runs: as its user, in its folder, with its environment.
exec systemd-run --quiet --pty --pipe --wait --collect \
    --property=DynamicUser=yes --property=User=shop \
    --property=StateDirectory=shop --property=EnvironmentFile=/etc/shop.env \
    --working-directory=/srv/shop /srv/shop/.venv/bin/python manage.py "$@"
