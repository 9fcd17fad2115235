FROM python:3.14-slim AS code
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

FROM python:3.14-slim AS packages
WORKDIR /app
# The official image has no bytecode: compile what Django and Gunicorn import of it.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=requirements.txt,target=requirements.txt \
    PYTHONDONTWRITEBYTECODE=1 pip install --requirement requirements.txt \
 && python -c "import django.test, gunicorn.app.wsgiapp, gunicorn.workers.gthread"

# Empty, unless the build gets the last release as a context of this name.
FROM packages AS last
RUN mkdir staticfiles

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
# Pages of the last release are still open in browsers: keep its files, below the new.
COPY --from=last /app/staticfiles /app/staticfiles
COPY --from=static /collected /
COPY --from=code /app .
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "core.wsgi", "--bind", "0.0.0.0:8000", "--threads", "2", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", \
     "--access-logfile", "-"]
