#!/bin/sh
# Run the server as the user valkey, who then owns the data; run other programs as they are.
set -eu
case "$1" in -* | *.conf) set -- valkey-server "$@" ;; esac
if [ "$1" = valkey-server ]; then
    if [ "$(id -u)" = 0 ]; then
        chown -R valkey .
        exec setpriv --reuid=valkey --regid=valkey --clear-groups "$0" "$@"
    fi
    # The official program is compiled without the protected mode.
    set -- "$@" --protected-mode no
fi
# shellcheck disable=SC2086
exec "$@" ${VALKEY_EXTRA_FLAGS:-}
