FROM python:3.14-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gettext \
 && rm -rf /var/lib/apt/lists/*
ENV PATH=/venv/bin:$PATH
RUN python -m venv /venv
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
# Django renders hashed links with the manifest alone: nginx serves the files.
RUN export SECRET_KEY=not-kept-in-the-image \
 && python manage.py compilemessages \
 && python manage.py collectstatic --noinput \
 && find staticfiles -type f ! -name staticfiles.json -delete

FROM python:3.14-slim
ENV PATH=/venv/bin:$PATH
ENV PYTHONUNBUFFERED=1
ENV WEB_CONCURRENCY=2
RUN useradd --system --uid 10001 --user-group runner
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app .
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--threads", "2", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", \
     "--access-logfile", "-"]
