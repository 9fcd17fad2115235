#!/bin/sh -e
# Start the engine below an init process, in control groups of its own. Without TLS, and without
# a command, it listens on a port too.
case "$1" in "" | -*)
    test -n "$DOCKER_TLS_CERTDIR" || set -- --host=tcp://0.0.0.0:2375 "$@"
    set -- dockerd --host=unix:///var/run/docker.sock "$@"
esac
if test "$1" = dockerd; then
    rm -f /run/docker*.pid /run/docker/containerd/*.pid
    set -- docker-init -- "$@"
    cd /sys/fs/cgroup
    if test -e cgroup.controllers; then  # version 2: a group with processes has no groups below it
        mkdir -p init
        for process in $(cat cgroup.procs); do echo "$process" > init/cgroup.procs || true; done
        for name in $(cat cgroup.controllers); do echo "+$name" > cgroup.subtree_control; done
    fi
    cd /
fi
exec "$@"
