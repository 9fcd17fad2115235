#!/bin/sh -e
# Options and commands are Traefik's own; anything else is run as it stands.
case "$1" in
    -*) set -- traefik "$@" ;;
    *) if traefik "$1" --help > /dev/null 2>&1; then set -- traefik "$@"; fi ;;
esac
exec "$@"
