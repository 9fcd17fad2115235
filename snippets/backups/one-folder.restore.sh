#!/bin/sh
# Restore a backup, for example: ./restore.sh .backups/2026-11-30T03-17-00Z
set -eu
from=${1:?name a directory in .backups}
db="docker compose exec -T db"

# The site keeps running until the whole dump is in a database of its own.
docker compose up --detach --wait db
$db dropdb --if-exists restored
$db createdb --owner app restored
$db pg_restore --exit-on-error --dbname restored < "$from/app.dump"

docker compose stop
docker compose up --detach --wait db
$db dropdb --if-exists before_restore
$db psql --quiet --set ON_ERROR_STOP=1 << 'END'
ALTER DATABASE app RENAME TO before_restore;
ALTER DATABASE restored RENAME TO app;
END
docker compose run --rm -T --no-deps web \
    sh -c 'rm -rf /media/* && tar -xC /media' < "$from/media.tar"
docker compose up --detach --wait
