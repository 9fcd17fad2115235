# PostgreSQL 17, laid out as the official images are since 18: the version before an upgrade.
FROM postgres:18
# The official image's own repository has every version; Debian has 17 in an older release.
RUN apt-get update \
 && { apt-get install -y --no-install-recommends postgresql-17 \
    || { sed s/forky/trixie/ /etc/apt/sources.list > /etc/apt/sources.list.d/older.list \
      && apt-get update \
      && apt-get install -y --no-install-recommends postgresql-17; }; } \
 && rm -rf /var/lib/apt/lists/* \
 && sed -Ei "s/^#?(listen_addresses) *= *\S+/\1 = '*'/" \
      /usr/share/postgresql/17/postgresql.conf.sample
ENV PG_MAJOR=17 PATH=/usr/lib/postgresql/17/bin:$PATH PGDATA=/var/lib/postgresql/17/docker
