# Debian trixie's Caddy 2.6, which is older than 2.11.4, whichever release the base image has.
FROM python:3.14-slim
RUN if [ -s /etc/apt/sources.list ]; \
    then sed 's/forky/trixie/' /etc/apt/sources.list > /etc/apt/sources.list.d/trixie.list; fi \
 && apt-get update \
 && apt-get install -y --no-install-recommends caddy/trixie \
 && rm -rf /var/lib/apt/lists/*
EXPOSE 8080
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile"]
