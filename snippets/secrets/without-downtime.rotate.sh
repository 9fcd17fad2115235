#!/bin/sh
# Give Django's database role a new password, while the site keeps serving.
set -eu
file=.secrets/db_password
keep=$(cat $file)

# Apply a sed command to PostgreSQL's list of who may connect, and reload the list.
who_may_connect() {
    docker compose exec -T db sh -ec "sed -i '$1' \"\$PGDATA/pg_hba.conf\"
        psql --quiet --command 'SELECT pg_reload_conf()' > /dev/null"
}

trap 'printf "%s\n" "$keep" > $file
    who_may_connect "/^host app app all trust\$/d"' EXIT
trap 'exit 130' HUP INT TERM
# Accept any password for now: old and new containers use different ones.
who_may_connect "1i host app app all trust"
new=$(head -c 48 /dev/urandom | base64)
printf '%s\n' "$new" > $file
./update.sh

echo "ALTER ROLE app PASSWORD '$new'" |
    docker compose exec -T db psql --quiet --set ON_ERROR_STOP=1
keep=$new
