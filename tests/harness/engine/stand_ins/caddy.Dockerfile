# Debian's Caddy with the folders, the capability and the command of the official image.
FROM debian
RUN apt-get update \
 && apt-get install -y caddy libcap2-bin media-types \
 && rm -r /var/lib/apt/lists/* \
 && mkdir -p /config/caddy /data/caddy /srv \
 && chmod 1777 /config/caddy /data/caddy \
 && setcap cap_net_bind_service=+ep /usr/bin/caddy
ARG VERSION
ENV CADDY_VERSION=$VERSION XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
EXPOSE 80 443 443/udp 2019
WORKDIR /srv
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
