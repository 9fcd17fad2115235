FROM python:3.14-slim AS code
RUN apt-get update \
 && apt-get install -y --no-install-recommends gettext \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
# As compilemessages, which fails where there are no translations.
RUN find . -name "*.po" -exec sh -c \
    'for po; do msgfmt --check-format -o "${po%po}mo" "$po" || exit; done' sh {} + \
 && python -m compileall -q .

# New: only this stage has Poetry. It writes a requirements.txt with hashes.
FROM python:3.14-slim AS lock
WORKDIR /lock
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install poetry==2.5.1 poetry-plugin-export==1.10.1
COPY pyproject.toml poetry.lock ./
RUN poetry export --output requirements.txt

FROM python:3.14-slim AS packages
WORKDIR /app
# The official image has no bytecode: compile what Django and Gunicorn import of it.
# New: the requirements.txt comes from the stage above.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=from=lock,source=/lock/requirements.txt,target=requirements.txt \
    PYTHONDONTWRITEBYTECODE=1 pip install --requirement requirements.txt \
 && python -c "import django.test, gunicorn.app.wsgiapp, gunicorn.workers.gthread"

FROM packages AS static
COPY . .
RUN SECRET_KEY=not-kept-in-the-image python manage.py collectstatic --noinput

FROM packages
ENV PYTHONUNBUFFERED=1
ENV WEB_CONCURRENCY=2
RUN useradd --uid 10001 runner
# Django renders hashed links with the manifest alone: nginx serves the files.
COPY --from=static /app/staticfiles/staticfiles.json staticfiles/
COPY --from=code /app .
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--threads", "2", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", \
     "--access-logfile", "-"]
