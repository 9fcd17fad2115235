# Checks manifests against the Kubernetes schemas, which the package includes.
FROM python:3.14-slim
RUN pip install --no-cache-dir kubernetes-validate==1.37.0
COPY manifests /manifests
