# One slim stage with cache mounts and a shell-form CMD: docs.docker.com/guides/python/containerize/
FROM python:3.14-slim
ENV PYTHONDONTWRITEBYTECODE=1
ENV PYTHONUNBUFFERED=1
WORKDIR /app
RUN useradd --no-create-home --shell /sbin/nologin --uid 10001 appuser
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=requirements.txt,target=requirements.txt \
    python -m pip install -r requirements.txt
USER appuser
COPY . .
EXPOSE 8000
CMD gunicorn core.wsgi --bind=0.0.0.0:8000 --threads=2 --worker-tmp-dir=/dev/shm --no-control-socket
