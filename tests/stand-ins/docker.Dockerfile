# Debian's Docker Engine, started as in the official image: on its socket, with no address.
FROM debian
RUN apt-get update \
 && apt-get install -y docker.io docker-cli iptables procps \
 && rm -r /var/lib/apt/lists/*
VOLUME /var/lib/docker
ENTRYPOINT ["dockerd"]
