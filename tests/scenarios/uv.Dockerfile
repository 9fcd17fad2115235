# uv next to Python, without a project, for a user who has no home directory.
FROM python:3.14-slim
COPY --from=ghcr.io/astral-sh/uv:0.13.8 /uv /usr/local/bin/
RUN useradd --no-create-home --home-dir /nonexistent --uid 10001 runner
USER 10001:10001
WORKDIR /tmp
