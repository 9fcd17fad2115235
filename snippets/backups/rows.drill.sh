#!/bin/sh
# Restore the newest backup into a database of its own, and count the rows of both.
set -eu
from=$(ls -d .backups/*Z | tail -n 1)
db="docker compose exec -T db"

count() {
    $db psql --no-align --tuples-only --dbname "$1" << 'END' | LC_ALL=C sort
SELECT format('SELECT %L, count(*) FROM %I', tablename, tablename)
FROM pg_tables WHERE schemaname = 'public' \gexec
END
}

$db dropdb --if-exists drill
$db createdb --owner app drill
$db pg_restore --exit-on-error --dbname drill < "$from/app.dump"
echo "table, rows in the backup, rows now"
count drill > "$from/rows"
count app | LC_ALL=C join -t '|' -a 1 -a 2 -e none -o 0,1.2,2.2 "$from/rows" -

# The app's own code can use the restored database.
docker compose run --rm -T --no-deps --env DATABASE_URL=postgres://app@db/drill web \
    python manage.py migrate --check
$db dropdb drill
