# Debian's nginx, laid out as the unprivileged image is: user 101, port 8080, the files of
# nginx.org's package, and an entrypoint that runs what lies in /docker-entrypoint.d.
FROM debian
RUN useradd --system --uid 101 --user-group --no-create-home --home-dir /nonexistent \
      --shell /bin/false nginx \
 && apt-get update \
 && apt-get install -y curl nginx-light gettext-base \
 && mv /etc/nginx/mime.types /tmp \
 && rm -r /etc/nginx /var/lib/apt/lists/* /var/log/nginx/* /var/www \
 && mkdir -p /docker-entrypoint.d /etc/nginx/conf.d /usr/share/nginx/html /var/cache/nginx \
 && mv /tmp/mime.types /etc/nginx \
 && ln -s /dev/stdout /var/log/nginx/access.log \
 && ln -s /dev/stderr /var/log/nginx/error.log
COPY nginx/html /usr/share/nginx/html
COPY nginx/nginx.conf /etc/nginx
COPY nginx/default.conf /etc/nginx/conf.d/
COPY nginx/default.conf /usr/share/nginx/
RUN chown -R 101:0 /etc/nginx /var/cache/nginx \
 && chmod -R g+w /etc/nginx /var/cache/nginx
COPY --chmod=755 nginx/docker-entrypoint.sh /
COPY --chmod=755 nginx/[0-9]* /docker-entrypoint.d/
ARG VERSION
ENV NGINX_VERSION=$VERSION
EXPOSE 8080
STOPSIGNAL SIGQUIT
USER 101
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["nginx", "-g", "daemon off;"]
