#!/bin/sh
# Runs a program if the first argument is one, and Node.js with all arguments otherwise.
case $1 in
-*) exec node "$@" ;;
esac
if command -v "$1" > /dev/null; then exec "$@"; fi
exec node "$@"
