#!/bin/sh
# Whoever may not enter the folder cannot read the files, which containers must.
set -eu
mkdir -m 700 .secrets
for name in secret_key db_password; do
    head -c 48 /dev/urandom | base64 > .secrets/$name
    chmod 644 .secrets/$name
done
