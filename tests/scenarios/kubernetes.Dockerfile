# What holds manifests against the schemas of Kubernetes, which lie inside the package.
FROM python:3.14-slim
RUN pip install --no-cache-dir kubernetes-validate==1.37.0
COPY manifests /manifests
