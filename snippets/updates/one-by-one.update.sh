#!/bin/sh
# Replace web, and send no request to a container that starts or stops.
set -eu

web() {
    docker compose ps --all --quiet web | cut -c -12
}

# In place: nginx has this very file mounted. Its old workers finish what they have.
send_to() {
    conf=$(sed -e 's/ down; server [^ ;]*//' -e "s/web:8000 resolve/&$1/" default.conf)
    echo "$conf" > default.conf
    nginx=$(docker compose ps --quiet nginx)
    workers=$(docker top "$nginx" -eo pid,args | awk '/nginx: worker/ {print $1}')
    docker exec "$nginx" nginx -s reload
    while docker top "$nginx" -eo pid | grep -qxF "$workers"; do sleep 1; done
}

docker compose build
docker compose run --rm migrate

old=$(web)
send_to " down; server $old:8000"
docker compose up --detach --wait --wait-timeout 60 \
    --no-deps --no-recreate --scale web=2 web || failed=yes
new=$(web | grep -v "$old")
if [ "${failed:-no}" = no ]; then
    send_to " down; server $new:8000"
    gone=$old
else
    gone=$new
fi
docker stop "$gone"
docker rm "$gone"
sleep 3 # nginx keeps an address for two seconds
send_to ""
[ "${failed:-no}" = no ]

# If the static files have changed too; else this does nothing.
docker compose up --detach --wait --no-deps nginx
