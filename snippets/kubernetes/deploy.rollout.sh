#!/bin/sh
set -e
kubectl apply --filename job.yaml
kubectl wait --for=condition=Complete --timeout=600s --filename job.yaml
kubectl apply --filename web.yaml
kubectl rollout status deployment web --timeout=300s
