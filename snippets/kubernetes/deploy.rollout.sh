#!/bin/sh
set -e

migration_is() {
    kubectl wait --for="condition=$1" --timeout="$2" --filename job.yaml 2> /dev/null
}

# `apply` does not run a Job again, not even one that has failed.
if migration_is Failed 0; then
    kubectl delete --filename job.yaml
fi
kubectl apply --filename job.yaml

# The Job gives up after 600 seconds.
tries=0
until migration_is Complete 5s; do
    tries=$((tries + 1))
    if migration_is Failed 0 || [ "$tries" -ge 130 ]; then
        kubectl logs --selector app=migrate --tail -1
        exit 1
    fi
done

kubectl apply --filename web.yaml
kubectl rollout status deployment web --timeout=300s
