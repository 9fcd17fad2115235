# A machine with systemd and nginx, with the sample project installed as in docs/systemd.md.
FROM python:3.14-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends systemd systemd-sysv dbus procps nginx openssl curl \
 && rm -rf /var/lib/apt/lists/* \
 && systemctl mask systemd-modules-load.service
WORKDIR /srv/shop
COPY requirements.txt .
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir -r requirements.txt
ENV PATH=/srv/shop/.venv/bin:$PATH
COPY . .
RUN python -m compileall -q core \
 && SECRET_KEY=not-kept python manage.py collectstatic --noinput
COPY --chmod=755 <<"END" /init.sh
#!/bin/sh -e
umount -R /sys/fs/cgroup
mount -t cgroup2 -o rw,nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
container=docker exec /sbin/init
END
EXPOSE 8000
STOPSIGNAL SIGRTMIN+3
ENTRYPOINT ["/init.sh"]
