#!/bin/sh
# Deploy an image, or go back to the last one: ./release.sh ghcr.io/you/shop@sha256:...
set -eu
now=$(sed -n 's/^IMAGE=//p' .env)
new=${1:?name an image, or --back}
if [ "$new" = --back ]; then new=$(cat .last-image); fi

export IMAGE="$new" # Compose prefers this to the line in .env
docker compose pull --quiet web
./update.sh

# The site runs it: write it down, for every later command.
printf '%s\n' "$now" > .last-image
sed -i "s|^IMAGE=.*|IMAGE=$new|" .env
