#!/bin/sh
# A fake kubectl, whose pods are Docker's containers, with the calls of one script only.
verb=$1
shift
case $verb in
    logs) for pod; do :; done; exec docker logs --tail 500 "$pod" ;;
    exec) pod=$1; shift 2; exec docker exec "$pod" "$@" ;;
esac
show() { docker container inspect --format "$1" "$pod"; }
pod=$2
case ${4:-} in
    '') show '{{.Name}}' ;;
    *.status.phase*) show '{{if .State.Running}}Running{{else}}Failed{{end}}' ;;
    *.ready*) show '{{.State.Running}}' ;;
    *.restartCount*) show '{{.RestartCount}}' ;;
    *.exitCode*) show '{{if .State.Running}}{{else}}{{.State.ExitCode}}{{end}}' ;;
    *.env*) show '{{range .Config.Env}}{{index (split . "=") 0}} {{end}}' ;;
esac
