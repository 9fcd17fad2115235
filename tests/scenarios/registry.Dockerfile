# An image registry without TLS or logins, from Debian's package.
FROM python:3.14-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends docker-registry \
 && rm -rf /var/lib/apt/lists/*
COPY registry.yaml /etc/registry.yaml
EXPOSE 5000
CMD ["docker-registry", "serve", "/etc/registry.yaml"]
