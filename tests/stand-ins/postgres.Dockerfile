# Debian's PostgreSQL, which makes its database at the first start as the official image does.
FROM debian
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-18 \
 && rm -r /var/lib/apt/lists/* /var/lib/postgresql/18 \
 && install --directory --owner=postgres --group=postgres --mode=1777 /var/lib/postgresql \
 && install --directory --owner=postgres --group=postgres --mode=3777 /run/postgresql
COPY --chmod=755 <<"END" /usr/local/bin/docker-entrypoint.sh
#!/bin/sh -e
if test "$(id -u)" = 0; then
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if test ! -e "$PGDATA"; then
    echo "${POSTGRES_PASSWORD:-$(cat "$POSTGRES_PASSWORD_FILE")}" > /tmp/password
    initdb --no-sync --username=postgres --pwfile=/tmp/password --auth-host=scram-sha-256
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    if test -e /docker-entrypoint-initdb.d; then  # a server on the socket alone runs them
        pg_ctl start --wait --options="-c listen_addresses=''"
        cat /docker-entrypoint-initdb.d/*.sql | psql --set=ON_ERROR_STOP=1
        pg_ctl stop --wait
    fi
fi
exec "$@" -c listen_addresses='*'
END
ENV PATH=/usr/lib/postgresql/18/bin:$PATH PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
