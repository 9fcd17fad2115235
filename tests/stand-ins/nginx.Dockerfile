# Debian's nginx with the user, port, folders and stop signal of the unprivileged image.
FROM debian
RUN useradd --system --uid 101 --user-group --no-create-home nginx \
 && apt-get update \
 && apt-get install -y nginx-light \
 && mv /etc/nginx/mime.types /tmp \
 && rm -r /etc/nginx /var/lib/apt/lists/* \
 && mkdir -p /etc/nginx/conf.d /usr/share/nginx/html \
 && mv /tmp/mime.types /etc/nginx \
 && chown -R nginx:0 /etc/nginx /usr/share/nginx/html
COPY <<"END" /etc/nginx/nginx.conf
pid /tmp/nginx.pid;
error_log /dev/stderr notice;
events {}
http {
    include mime.types;
    default_type application/octet-stream;
    access_log /dev/stdout;
    client_body_temp_path /tmp/client_temp;
    proxy_temp_path /tmp/proxy_temp;
    fastcgi_temp_path /tmp/fastcgi_temp;
    uwsgi_temp_path /tmp/uwsgi_temp;
    scgi_temp_path /tmp/scgi_temp;
    sendfile on;
    keepalive_timeout 65;
    include conf.d/*.conf;
}
END
EXPOSE 8080
STOPSIGNAL SIGQUIT
USER 101
CMD ["nginx", "-g", "daemon off;"]
