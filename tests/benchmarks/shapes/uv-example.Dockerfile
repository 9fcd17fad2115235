# Two stages with uv, and all of /app copied: github.com/astral-sh/uv-docker-example
FROM python:3.14-slim AS builder
COPY --from=ghcr.io/astral-sh/uv:0.13.8 /uv /bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_DEV=1 UV_PYTHON_DOWNLOADS=0
WORKDIR /app
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=uv.lock,target=uv.lock \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    uv sync --locked --no-install-project
COPY . /app
RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked

FROM python:3.14-slim
RUN useradd --system --user-group nonroot
COPY --from=builder --chown=nonroot:nonroot /app /app
ENV PATH=/app/.venv/bin:$PATH
USER nonroot
WORKDIR /app
CMD ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--threads", "2", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
