# The binaries that PyPI's package holds, alone in an image as in the official one.
FROM python:3.14-slim AS package
RUN pip install --no-cache-dir --target /package uv==0.13.8
FROM scratch
COPY --from=package /package/bin/uv /package/bin/uvx /
WORKDIR /io
ENTRYPOINT ["/uv"]
