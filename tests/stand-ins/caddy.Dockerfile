# Debian's Caddy with the folders and the command of the official image.
FROM debian
RUN apt-get update \
 && apt-get install -y caddy \
 && rm -r /var/lib/apt/lists/* \
 && mkdir -p /config/caddy /data/caddy /srv
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
WORKDIR /srv
EXPOSE 80 443 443/udp 2019
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
