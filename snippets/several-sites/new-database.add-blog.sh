#!/bin/sh
# Create the blog's secrets, role and database. `-C` refuses to replace a secret.
set -euC
# Stop before creating any secret if the database is not available.
docker compose exec -T db pg_isready --quiet
for name in blog_secret_key blog_db_password; do
    head -c 48 /dev/urandom | base64 > .secrets/$name
    chmod 644 .secrets/$name
done
docker compose exec -T db psql --quiet --set ON_ERROR_STOP=1 << END
CREATE ROLE blog LOGIN PASSWORD '$(cat .secrets/blog_db_password)';
CREATE DATABASE blog OWNER blog;
REVOKE CONNECT ON DATABASE app, blog FROM PUBLIC;
END
