# Debian's Valkey with the user, the directories and the entrypoint of the official image.
FROM debian
RUN groupadd --system --gid=999 valkey \
 && useradd --system --gid=valkey --uid=999 valkey \
 && apt-get update \
 && apt-get install -y systemd-standalone-tmpfiles tzdata valkey-server valkey-tools \
 && rm -r /var/lib/apt/lists/* \
 && ln -s /usr/bin/valkey-* /usr/local/bin \
 && install --directory --owner=valkey --group=valkey --mode=1777 /data /run/valkey
COPY --chmod=755 valkey/docker-entrypoint.sh /usr/local/bin/
ARG VERSION
ENV VALKEY_VERSION=$VERSION
WORKDIR /data
EXPOSE 6379
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["valkey-server"]
