# Debian's MariaDB with a database and a user, for tests of what Django's driver reports.
FROM python:3.14-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends mariadb-server-core mariadb-client-core \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system mysql \
 && install --directory --owner=mysql /run/mysqld /var/lib/mysql \
 && mariadb-install-db --user=mysql --datadir=/var/lib/mysql > /dev/null
COPY <<"END" /init.sql
CREATE DATABASE IF NOT EXISTS shop;
CREATE USER IF NOT EXISTS 'shop'@'%' IDENTIFIED BY 'secret';
GRANT ALL ON shop.* TO 'shop'@'%';
END
EXPOSE 3306
CMD ["mariadbd", "--user=mysql", "--datadir=/var/lib/mysql", "--bind-address=0.0.0.0", \
     "--init-file=/init.sql", "--skip-name-resolve"]
