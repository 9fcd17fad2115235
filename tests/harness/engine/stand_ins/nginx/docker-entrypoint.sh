#!/bin/sh -e
# Before nginx starts, run the scripts of a folder in their order; an .envsh sets variables.
say() { test -n "$NGINX_ENTRYPOINT_QUIET_LOGS" || echo "$0: $*"; }

case "$1" in nginx | nginx-debug)
    for script in $(find /docker-entrypoint.d -follow -type f | sort -V); do
        if test ! -x "$script"; then
            say "Ignoring $script, not executable"
            continue
        fi
        case "$script" in
            *.envsh) say "Sourcing $script" && . "$script" ;;
            *.sh) say "Launching $script" && "$script" ;;
            *) say "Ignoring $script" ;;
        esac
    done
    say "Configuration complete; ready for start up"
esac
exec "$@"
