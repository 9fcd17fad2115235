# Debian's Podman with the settings of the official image, which suit a container.
FROM debian
RUN apt-get update \
 && apt-get install -y podman crun buildah nftables catatonit containers-storage \
    golang-github-containers-common aardvark-dns netavark \
 && rm -r /var/lib/apt/lists/* \
 && useradd --create-home podman
COPY podman/containers.conf /etc/containers/
ENV _CONTAINERS_USERNS_CONFIGURED="" BUILDAH_ISOLATION=chroot
VOLUME /var/lib/containers /home/podman/.local/share/containers
CMD ["/bin/bash"]
