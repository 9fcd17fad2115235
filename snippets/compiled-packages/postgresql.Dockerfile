FROM python:3.14-slim-trixie AS code
RUN apt-get update \
 && apt-get install -y --no-install-recommends gettext \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
# As compilemessages, which fails where there are no translations.
RUN find . -name "*.po" -exec sh -c \
    'for po; do msgfmt --check-format -o "${po%po}mo" "$po" || exit; done' sh {} + \
 && python -m compileall -q .

# New: only this stage has a compiler. The cache has a name, because pip keeps in it
# what it has compiled for one Debian release.
FROM python:3.14-slim-trixie AS wheels
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev \
 && rm -rf /var/lib/apt/lists/*
RUN --mount=type=cache,id=pip-trixie,target=/root/.cache/pip \
    --mount=type=bind,source=requirements.txt,target=requirements.txt \
    pip wheel --wheel-dir /wheels --requirement requirements.txt

FROM python:3.14-slim-trixie AS packages
WORKDIR /app
# New: the library that the compiled package loads.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpq5 \
 && rm -rf /var/lib/apt/lists/*
# New: installs the wheels, and imports psycopg, which fails if a library is missing.
RUN --mount=from=wheels,source=/wheels,target=/wheels \
    PYTHONDONTWRITEBYTECODE=1 \
    pip install --no-cache-dir --no-index --no-deps /wheels/*.whl \
 && python -c "import psycopg" \
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
