#!/bin/sh
# Django connects as `app`, which owns one database and is not a superuser.
set -e
psql --username postgres --set ON_ERROR_STOP=1 \
    --set "password=$(cat /run/secrets/db_password)" << 'END'
CREATE ROLE app LOGIN PASSWORD :'password';
CREATE DATABASE app OWNER app;
END
