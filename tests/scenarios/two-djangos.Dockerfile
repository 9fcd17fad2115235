# An older and a newer Django, in separate directories.
FROM python:3.14-slim
RUN pip install --no-cache-dir --target /django/5.2.14 django==5.2.14
RUN pip install --no-cache-dir --target /django/6.1.3 django==6.1.3
COPY two_djangos /probe
WORKDIR /probe
