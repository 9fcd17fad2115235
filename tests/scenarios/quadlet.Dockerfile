# A machine with systemd, Podman and nginx. Not every kernel lets it limit processes in here,
# and a busy machine needs longer than systemd's 90 s to start a container.
FROM python:3.14-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends systemd systemd-sysv dbus procps nginx openssl curl \
    podman crun catatonit nftables containers-storage netavark aardvark-dns \
 && rm -rf /var/lib/apt/lists/* \
 && systemctl mask systemd-modules-load.service \
 && mkdir -p /etc/containers/containers.conf.d /etc/containers/systemd /etc/systemd/system.conf.d \
 && printf '[Manager]\nDefaultTimeoutStartSec=10min\n' > /etc/systemd/system.conf.d/busy.conf \
 && printf '[containers]\npids_limit = 0\n' > /etc/containers/containers.conf.d/limits.conf
VOLUME /var/lib/containers
COPY --chmod=755 <<"END" /init.sh
#!/bin/sh -e
umount -R /sys/fs/cgroup
mount -t cgroup2 -o rw,nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
container=docker exec /sbin/init
END
EXPOSE 8000
STOPSIGNAL SIGRTMIN+3
ENTRYPOINT ["/init.sh"]
