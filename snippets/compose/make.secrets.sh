#!/bin/sh
# Containers must read the files, so only the mode of the folder keeps other users out.
set -eu
mkdir -m 700 .secrets
for name in secret_key db_password postgres_password; do
    head -c 48 /dev/urandom | base64 > .secrets/$name
    chmod 644 .secrets/$name
done
