# Debian's Docker Engine, started by an entrypoint with the defaults of the official one.
FROM debian
RUN apt-get update \
 && apt-get install -y docker.io docker-cli iptables procps tini-static \
 && rm -r /var/lib/apt/lists/* \
 && ln -s /usr/bin/tini-static /usr/local/bin/docker-init
RUN mkdir /certs /certs/client && chmod 1777 /certs /certs/client
COPY --chmod=755 docker/dockerd-entrypoint.sh /usr/local/bin/
ARG VERSION
ENV DOCKER_VERSION=$VERSION DOCKER_TLS_CERTDIR=/certs
VOLUME /var/lib/docker
EXPOSE 2375 2376
ENTRYPOINT ["dockerd-entrypoint.sh"]
CMD []
