FROM python:3.14-slim-trixie AS code
RUN apt-get update \
 && apt-get install -y --no-install-recommends gettext \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
# Like compilemessages, which fails in a project without translations.
RUN find . -name "*.po" -exec sh -c \
    'for po; do msgfmt --check-format -o "${po%po}mo" "$po" || exit; done' sh {} +
# A template of a module is often not valid Python: such a file stays uncompiled.
RUN python -m compileall -q . || true

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
# Copy STATIC_ROOT, wherever it is, to the same path below /collected.
RUN SECRET_KEY=not-kept-in-the-image python manage.py collectstatic --noinput >/log \
 && cat /log \
 && root=$(sed -n "s/.* copied to '\(.*\)'.*/\1/p" /log) \
 && mkdir -p "$root" /collected \
 && cp -a --parents "$root" /collected

FROM packages
ENV PYTHONUNBUFFERED=1
ENV WEB_CONCURRENCY=2
# A new volume at /data belongs to this user, too.
RUN useradd --create-home --uid 10001 runner \
 && install -d -o runner -g runner /data
COPY --from=static /collected /
COPY --from=code /app .
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--threads", "2", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", \
     "--access-logfile", "-"]
