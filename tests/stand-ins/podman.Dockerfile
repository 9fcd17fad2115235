# Debian's Podman, with what it needs to run pods inside of a container.
FROM debian
RUN apt-get update \
 && apt-get install -y podman crun buildah nftables catatonit containers-storage \
    golang-github-containers-common aardvark-dns netavark \
 && rm -r /var/lib/apt/lists/*
VOLUME /var/lib/containers
CMD ["podman"]
