# Debian's PostgreSQL, whose first start makes the database as the official entrypoint does.
FROM debian
RUN groupadd --system --gid=999 postgres \
 && useradd --system --gid=postgres --uid=999 --home-dir=/var/lib/postgresql --shell=/bin/bash postgres \
 && apt-get update \
 && apt-get install -y --no-install-recommends locales postgresql-common xz-utils zstd \
 && sed -Ei 's/^#?(create_main_cluster).*/\1 = false/' /etc/postgresql-common/createcluster.conf \
 && localedef --inputfile=en_US --charmap=UTF-8 en_US.UTF-8 \
 && apt-get install -y --no-install-recommends postgresql-18 \
 && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/* \
 && sed -Ei "s/^#?(listen_addresses) *= *\S+/\1 = '*'/" /usr/share/postgresql/18/postgresql.conf.sample \
 && install --directory --owner=postgres --group=postgres --mode=1777 /var/lib/postgresql \
 && install --directory --owner=postgres --group=postgres --mode=3777 /var/run/postgresql \
 && mkdir /docker-entrypoint-initdb.d
COPY --chmod=755 postgres/docker-entrypoint.sh /usr/local/bin/
ARG VERSION
ENV PATH=$PATH:/usr/lib/postgresql/18/bin LANG=en_US.utf8 PG_MAJOR=18 PG_VERSION=$VERSION \
    PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
