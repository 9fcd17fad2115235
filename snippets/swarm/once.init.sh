#!/bin/sh
set -e
docker swarm init
head -c 48 /dev/urandom | base64 | docker secret create secret_key -
