#!/bin/sh
# A kubectl that knows one Job: its state is in the file `job`, which is empty if there is none.
echo "$@" >> asked
case "$*" in
    apply*job.yaml) test -s job || echo "$BECOMES" > job ;;
    delete*) : > job ;;
    *condition=*) test "condition=$(cat job)" = "${2#--for=}" ;;
esac
