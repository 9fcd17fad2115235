#!/bin/sh
# A fake kubectl with one Job, whose state is in the file `job`, which is empty if there is none.
echo "$@" >> asked
case "$*" in
    apply*job.yaml) test -s job || echo "$BECOMES" > job ;;
    delete*) : > job ;;
    *condition=*) test "condition=$(cat job)" = "${2#--for=}" ;;
esac
