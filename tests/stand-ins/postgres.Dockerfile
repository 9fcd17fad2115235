# Debian's PostgreSQL, which makes its database at the first start as the official image does.
FROM debian
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-18 \
 && rm -r /var/lib/apt/lists/* /var/lib/postgresql/18 \
 && install --directory --owner=postgres --group=postgres --mode=0700 /var/lib/postgresql/18
COPY --chmod=755 <<"END" /usr/local/bin/docker-entrypoint.sh
#!/bin/sh -e
if test ! -e "$PGDATA"; then
    echo "$POSTGRES_PASSWORD" > /tmp/password
    initdb --no-sync --username=postgres --pwfile=/tmp/password --auth-host=scram-sha-256
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
fi
exec "$@" -c listen_addresses='*'
END
ENV PATH=/usr/lib/postgresql/18/bin:$PATH PGDATA=/var/lib/postgresql/18/docker
EXPOSE 5432
STOPSIGNAL SIGINT
USER postgres
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
