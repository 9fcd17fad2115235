# Debian's Node.js and npm with the user, the paths and the entrypoint of the official image.
FROM debian
RUN groupadd --gid 1000 node \
 && useradd --uid 1000 --gid node --shell /bin/bash --create-home node \
 && apt-get update \
 && apt-get install -y nodejs npm \
 && rm -r /var/lib/apt/lists/* \
 && ln -s /usr/bin/node /usr/bin/npm /usr/bin/npx /usr/local/bin
COPY --chmod=755 node/docker-entrypoint.sh /usr/local/bin/
ARG VERSION
ENV NODE_VERSION=$VERSION
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
