# Debian's Python where the official image has its own: under /usr/local, without bytecode.
FROM debian
RUN apt-get update \
 && apt-get install -y python3.14 python3.14-venv libsqlite3-0 netbase tzdata \
 && python3.14 -m venv --without-pip /usr/local \
 && /usr/local/bin/python -m ensurepip \
 && ln -s pip3 /usr/local/bin/pip \
 && rm -r /var/lib/apt/lists/* \
 && find / -xdev -name '*.pyc' -delete
CMD ["python3"]
