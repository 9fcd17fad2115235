# A reader's machine: a slim Debian with Docker as a service, a non-root user, another
# language and time zone, and (unlike a reader's) the registry that its Docker pulls from.
FROM debian
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates docker-buildx docker-cli docker-compose docker-registry docker.io git \
      iptables locales procps python3-pip python3-venv tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && localedef --inputfile=de_DE --charmap=UTF-8 de_DE.UTF-8 \
 && ln -sf /usr/share/zoneinfo/Europe/Berlin /etc/localtime \
 && useradd --create-home --uid 4242 --groups docker --shell /bin/bash reader
COPY <<"END" /etc/docker/daemon.json
{
    "registry-mirrors": ["http://127.0.0.1"],
    "insecure-registries": ["quay.io", "ghcr.io"]
}
END
COPY <<"END" /etc/registry.yaml
version: 0.1
log: {accesslog: {disabled: true}, level: info}
storage: {filesystem: {rootdirectory: /var/lib/docker/registry}}
http: {addr: ":80"}
END
COPY --chmod=755 <<"END" /usr/local/sbin/boot
#!/bin/sh -e
docker-registry serve /etc/registry.yaml &
if test -e /sys/fs/cgroup/cgroup.controllers; then  # v2: containers need a cgroup without processes
    mkdir /sys/fs/cgroup/boot
    while read -r pid; do echo "$pid" > /sys/fs/cgroup/boot/cgroup.procs || :; done < /sys/fs/cgroup/cgroup.procs
    sed 's/^/+/; s/ / +/g' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
fi
exec env --unset=COLUMNS dockerd  # a service has no terminal
END
ENV LANG=de_DE.UTF-8 COLUMNS=80
ENV PROOFS_MACHINE=docker PROOFS_REGISTRY="one of its own"
VOLUME /var/lib/docker
EXPOSE 80
CMD ["boot"]
