FROM python:3.14-slim AS compressed
COPY _site /site
RUN find /site -regex '.*\.\(html\|css\|js\|json\|svg\|md\|txt\|xml\)' \
      -exec gzip -9nkf {} +

FROM nginxinc/nginx-unprivileged:1.30
COPY default.conf /etc/nginx/conf.d/default.conf
COPY --from=compressed /site /srv
