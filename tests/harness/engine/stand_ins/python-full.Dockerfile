# The slim stand-in with the Debian packages of the full official image: compilers, headers, git.
FROM python:3.14-slim
RUN apt-get update \
 && apt-get install -y \
      autoconf automake bzip2 curl default-libmysqlclient-dev dpkg-dev file g++ gcc git gnupg \
      imagemagick libbluetooth-dev libbz2-dev libc6-dev libcurl4-openssl-dev libdb-dev \
      libevent-dev libffi-dev libgdbm-dev libglib2.0-dev libgmp-dev libjpeg-dev libkrb5-dev \
      liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev libncurses-dev \
      libpng-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libtool libwebp-dev \
      libxml2-dev libxslt1-dev libyaml-dev make mercurial openssh-client patch procps sq \
      subversion tk-dev unzip uuid-dev wget xz-utils zlib1g-dev \
 && rm -r /var/lib/apt/lists/* \
 && find / -xdev -name '*.pyc' -delete
