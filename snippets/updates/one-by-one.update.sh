#!/bin/sh
# Replace web, and send no request to a container that starts or stops.
set -eu
conf=nginx/default.conf

web() {
    docker compose ps --all --quiet web | cut -c -12
}

# Make nginx use one container, or all of them again if there is no argument.
send_to() {
    text=$(sed -e 's/ down; server [^ ;]*//' \
        -e "s/web:8000 resolve/&${1:+ down; server $1:8000}/" "$conf")
    printf '%s\n' "$text" > "$conf"
    nginx=$(docker compose ps --quiet nginx)
    workers=$(docker top "$nginx" -eo pid,args | awk '/nginx: worker/ {print $1}')
    docker exec "$nginx" nginx -s reload
    # nginx's old workers finish their requests: wait for them, a minute at most.
    for _ in $(seq 60); do
        docker top "$nginx" -eo pid | grep -qxF "$workers" || break
        sleep 1
    done
}

# Keep the container that nginx uses, and remove the other one.
settle() {
    trap '' HUP INT TERM
    used=$(sed -n 's/.*web:8000 resolve down; server \([^:;]*\):8000.*/\1/p' "$conf")
    if web | grep -qx "${used:-none}"; then
        for other in $(web | grep -vx "$used"); do
            docker stop "$other"
            docker rm "$other"
        done
        sleep 3 # nginx keeps an address for two seconds
    fi
    if [ "$used" ]; then send_to; fi
}

exec 9< "$0"
flock --nonblock 9 || { echo "$0 is running already" >&2; exit 1; }
(settle) # what a run left that was killed
old=$(web)
if [ "$(echo "$old" | wc -w)" != 1 ]; then
    echo "web must have exactly one container, and has: ${old:-none}" >&2
    exit 1
fi

docker compose build
docker compose run --rm migrate

trap 'settle > /dev/null 2>&1' EXIT
trap 'exec > /dev/null 2>&1; exit 129' HUP # the terminal is gone
trap 'exit 130' INT
trap 'exit 143' TERM
send_to "$old"
docker compose up --detach --wait --wait-timeout 60 \
    --no-deps --no-recreate --scale web=2 web
new=$(web | grep -vx "$old")
send_to "$new"
settle
trap - EXIT HUP INT TERM

# This replaces nginx only if its image has changed, as with new static files.
docker compose up --detach --wait --no-deps nginx
