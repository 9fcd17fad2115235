# A reader's machine: a slim Debian with systemd, Podman as root, another language and time zone,
# and (unlike a reader's) the registry that its Podman pulls from.
FROM debian
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      aardvark-dns ca-certificates catatonit containers-storage crun dbus docker-compose \
      docker-registry git golang-github-containers-common locales netavark nftables podman \
      procps python3-pip python3-venv systemd systemd-sysv tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && localedef --inputfile=de_DE --charmap=UTF-8 de_DE.UTF-8 \
 && ln -sf /usr/share/zoneinfo/Europe/Berlin /etc/localtime \
 && systemctl mask docker-registry.service getty.target systemd-modules-load.service tmp.mount
COPY <<"END" /etc/containers/registries.conf.d/machine.conf
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "127.0.0.1"
insecure = true
[[registry]]
location = "quay.io"
insecure = true
[[registry]]
location = "ghcr.io"
insecure = true
END
COPY <<"END" /etc/registry.yaml
version: 0.1
log: {accesslog: {disabled: true}, level: info}
storage: {filesystem: {rootdirectory: /var/lib/containers/registry}}
http: {addr: ":80"}
END
# Podman, where a boot process still sees cgroup v1.
COPY --chmod=755 <<"END" /usr/local/sbin/podman-on-v1
#!/bin/sh -e
exec nsenter --mount="/proc/$(cat /run/boot.pid)/ns/mnt" --wd="$PWD" /usr/bin/podman "$@"
END
COPY --chmod=755 <<"END" /usr/local/sbin/boot
#!/bin/bash -e
mount -t tmpfs tmpfs /run  # before systemd does, because all processes must see its sockets
mkdir -p /etc/containers/containers.conf.d
cat > /etc/containers/containers.conf.d/machine.conf <<CONF
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=$(ulimit -Hu):$(ulimit -Hu)"]
[engine]
cgroup_manager = "cgroupfs"
CONF
cat > /run/serve <<SH
podman system service --time=0 &
exec docker-registry serve /etc/registry.yaml
SH
if test -e /sys/fs/cgroup/cgroup.controllers; then
    sh /run/serve &
else  # systemd needs cgroup v2, but this kernel has assigned the controllers to v1
    unshare --mount sh /run/serve &
    echo $! > /run/boot.pid
    until test "$(readlink /proc/$!/ns/mnt)" != "$(readlink /proc/self/ns/mnt)"; do sleep 0.1; done
    mount --bind /usr/local/sbin/podman-on-v1 /usr/bin/podman
    umount -R /sys/fs/cgroup
    mount -t cgroup2 -o rw,nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
fi
export container=docker
exec /sbin/init
END
ENV LANG=de_DE.UTF-8 COLUMNS=80 PODMAN_IGNORE_CGROUPSV1_WARNING=1
ENV PROOFS_MACHINE=podman PROOFS_REGISTRY="one of its own"
VOLUME /var/lib/containers
EXPOSE 80
STOPSIGNAL SIGRTMIN+3
CMD ["boot"]
