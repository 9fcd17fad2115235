#!/bin/sh
# ./deploy.sh registry.example/web:2 registry.example/web-static:1
set -e
export WEB_IMAGE="$1" NGINX_IMAGE="$2"
docker stack deploy --with-registry-auth --detach=false --quiet \
    --compose-file stack.yaml site
now=$(docker service inspect site_web \
    --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}')
case "$now@" in
    "$WEB_IMAGE@"*) ;;
    *) echo "Swarm rolled back to $now" >&2; exit 1 ;;
esac
