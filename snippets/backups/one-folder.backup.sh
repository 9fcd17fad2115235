#!/bin/sh
# Save the database and the uploads in a new directory, and keep the newest fourteen.
set -eu
umask 077
to=.backups/$(date -u +%Y-%m-%dT%H-%M-%SZ)
mkdir -p .backups
[ ! -e "$to" ] || { echo "$to exists: wait a second, and try again." >&2; exit 1; }
mkdir "$to.part"
trap 'rm -rf "$to.part"' EXIT

# First the rows, then the files: every upload that a saved row refers to is there.
docker compose exec -T db pg_dump --format custom app > "$to.part/app.dump"
docker compose exec -T web tar -cC /media . > "$to.part/media.tar"

mv "$to.part" "$to"
echo "$to"
for old in $(ls -d .backups/*Z | head -n -14); do rm -r "$old"; done
