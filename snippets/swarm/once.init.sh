#!/bin/sh
# ./init.sh FILE: a file with the password of the database.
set -e
# One node: nothing listens on other addresses. For more, use this host's address.
docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:2377
head -c 48 /dev/urandom | base64 | docker secret create secret_key -
docker secret create db_password "$1"
