#!/bin/bash
# Start a server; if its folder is empty, make the database first, with a server that only the
# socket reaches, and run the scripts of /docker-entrypoint-initdb.d on it.
set -Eeuo pipefail
shopt -s nullglob

fail() {
    echo "Error: $*" >&2
    exit 1
}

# A variable, or the content of the file that NAME_FILE gives; never both.
from_env() {
    local name="$1" file="${1}_FILE" value="${2:-}"
    if [[ ${!name:-} && ${!file:-} ]]; then fail "$name and $file are both set"; fi
    if [[ ${!file:-} ]]; then value="$(<"${!file}")"; fi
    export "$name=${!name:-$value}"
    unset "$file"
}

query() {
    PGHOST='' PGHOSTADDR='' psql --no-psqlrc --no-password --set=ON_ERROR_STOP=1 \
        --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" "$@"
}

make_database() {
    if [[ -z $POSTGRES_PASSWORD && $POSTGRES_HOST_AUTH_METHOD != trust ]]; then
        fail "Database is uninitialized and superuser password is not specified. Set" \
            "POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust for connections without one."
    fi
    for old in /var/lib/postgresql{,/data,/*/docker}; do
        if [[ -s $old/PG_VERSION ]]; then
            fail "in 18+, data lies in /var/lib/postgresql/18/docker, but there is some in $old"
        fi
    done
    if mountpoint --quiet /var/lib/postgresql/data; then
        fail "in 18+, mount a volume at /var/lib/postgresql, and none at /var/lib/postgresql/data"
    fi
    eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD")' \
        "$POSTGRES_INITDB_ARGS"
    local method="${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption "${@:2}")}"
    printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"

    export PGPASSWORD="${PGPASSWORD:-$POSTGRES_PASSWORD}"
    NOTIFY_SOCKET='' pg_ctl --wait start --options="$(
        printf '%q ' "${@:2}" -c listen_addresses='' -p "${PGPORT:-5432}")"
    if [[ $POSTGRES_DB != postgres ]]; then
        echo 'CREATE DATABASE :"name"' | query --dbname=postgres --set=name="$POSTGRES_DB"
    fi
    for file in /docker-entrypoint-initdb.d/*; do
        echo "$0: $file"
        case "$file" in
            *.sh) if [[ -x $file ]]; then "$file"; else . "$file"; fi ;;
            *.sql) query --file="$file" ;;
            *.sql.gz) gunzip --stdout "$file" | query ;;
            *.sql.xz) xzcat "$file" | query ;;
            *.sql.zst) zstd --decompress --stdout "$file" | query ;;
            *) echo "$0: ignoring $file" ;;
        esac
    done
    pg_ctl --wait --mode=fast stop
    unset PGPASSWORD
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

if [[ ${1:-} == -* ]]; then set -- postgres "$@"; fi
if [[ ${1:-} == postgres && " $* " != *" --help "* && " $* " != *" --version "* ]]; then
    mkdir -p "$PGDATA" /var/run/postgresql || true
    chmod 700 "$PGDATA" || true
    if [[ $(id -u) == 0 ]]; then
        find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres {} +
        exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
    fi
    from_env POSTGRES_PASSWORD
    from_env POSTGRES_USER postgres
    from_env POSTGRES_DB "$POSTGRES_USER"
    from_env POSTGRES_INITDB_ARGS
    : "${POSTGRES_HOST_AUTH_METHOD:=}"
    if [[ -s $PGDATA/PG_VERSION ]]; then
        printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
    else
        make_database "$@"
    fi
fi
exec "$@"
